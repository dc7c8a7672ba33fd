"""The man page and the completions of shells, made from what `resp-server --help` prints and from docs/settings.md."""

import re
import time
from pathlib import Path
from typing import NamedTuple

COLUMN = 24  # where the help begins to say what an option does


class Option(NamedTuple):
    names: list  # "--port", "-p"
    value: str  # "N"; "" if it has none
    text: str


class Help(NamedTuple):
    synopsis: list
    options: list
    paragraphs: list
    examples: list


def parse(text: str) -> Help:
    """Takes the help apart, which has a usage, options, paragraphs and examples."""
    usage, rest = text.split("\n\nOptions\n", 1)
    options_text, rest = rest.split("\n\n", 1)
    body, examples = rest.split("\n\nExamples\n", 1)
    synopsis = [line[len("Usage: "):] for line in usage.splitlines()]
    options = []
    for line in options_text.splitlines():
        head, tail = line[:COLUMN].strip(), line[COLUMN:].strip()
        if head:
            names = re.findall(r"--?[a-z][a-z-]*", head)
            value = re.match(r"--[a-z-]+ ?([^,]*)", head)
            options.append(Option(names, value[1].strip() if value else "", tail))
        else:
            options[-1] = options[-1]._replace(text=f"{options[-1].text} {tail}")
    return Help(synopsis, options, body.split("\n\n"), [line.strip() for line in examples.splitlines()])


def directives(settings: Path) -> list:
    """The names of the settings that do something: those of two sections of the page."""
    text = settings.read_text(encoding="utf-8")
    names = set()
    for title in ("With an effect", "Of the program"):
        section = text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
        names.update(re.findall(r"^- `([a-z][a-z0-9-]*)", section, re.MULTILINE))
    return sorted(names)


def roff(text: str) -> str:
    """Text as roff takes it: a backslash, a hyphen to copy, and a point at the begin of a line are special."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def man_page(help: Help, version: str, epoch: int) -> str:
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    lines = [f'.TH RESP\\-SERVER 1 "{date}" "resp\\-server {version}" "User Commands"',
             ".SH NAME", "resp\\-server \\- Redis\\-compatible server for tests and development", ".SH SYNOPSIS", ".nf"]
    lines += [roff(line) for line in help.synopsis]
    lines += [".fi", ".SH DESCRIPTION",
              "A server that any Redis client can talk to. It takes the arguments and the redis.conf of redis\\-server.",
              ".SH OPTIONS"]
    for option in help.options:
        value = f" \\fI{roff(option.value)}\\fR" if option.value else ""
        names = ", ".join(f"\\fB{roff(n)}\\fR" for n in option.names)
        lines += [".TP", names + value, roff(option.text)]
    for paragraph in help.paragraphs:
        lines += [".PP", roff(paragraph)]
    lines += [".SH EXIT STATUS",
              "0 after SHUTDOWN and signals; 1 if the start failed, after a second SIGINT, and if",
              ".B ping", "or", ".B replay", "found something wrong.",
              ".SH ENVIRONMENT",
              ".TP", "\\fBRESP_SERVER_DEFAULTS\\fR",
              "A file of the form of redis.conf whose lines replace the built\\-in defaults.",
              ".TP", "\\fBNOTIFY_SOCKET\\fR", "Where \\fBsupervised systemd\\fR tells systemd that the server is ready.",
              ".TP", "\\fBREDISCLI_AUTH\\fR", "The password of \\fBresp\\-server redis\\-cli\\fR.",
              ".SH FILES",
              ".TP", "\\fI/etc/resp\\-server/resp\\-server.conf\\fR", "What the service of a Linux package starts with.",
              ".TP", "\\fIdump.rdb\\fR", "The data, in the directory \\fBdir\\fR. It is read at the start.",
              ".SH EXAMPLES", ".nf"]
    lines += [roff(e) for e in help.examples]
    lines += [".fi", ".SH SEE ALSO", "https://github.com/resp\\-server/resp\\-server"]
    return "\n".join(lines) + "\n"


SUBCOMMANDS = {
    "version": "print the version",
    "ping": "ask a server whether it serves clients",
    "redis-cli": "send commands to a server",
    "replay": "send the commands of a record to a server",
}
FILES = {"--unixsocket", "--load", "--logfile", "--ready-file", "--record"}
FOLDERS = {"--dir", "--tls-auto"}
WORDS = {"--loglevel": "debug verbose notice warning nothing", "--daemonize": "yes no"}


def names(help: Help, settings: list) -> list:
    """All options: those of the help, and settings that it does not mention."""
    own = [n for o in help.options for n in o.names]
    return own + [f"--{s}" for s in settings if f"--{s}" not in own]


def bash(help: Help, settings: list) -> str:
    words = "\n".join(f"\t{o}) COMPREPLY=($(compgen -W '{w}' -- \"$cur\")) ;;" for o, w in WORDS.items())
    return f"""# bash completion for resp-server
_resp_server() {{
	local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}
	COMPREPLY=()
	case $prev in
	{' | '.join(sorted(FILES))}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	{' | '.join(sorted(FOLDERS))}) COMPREPLY=($(compgen -d -- "$cur")); return ;;
	esac
	case $prev in
{words}
	*)
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W '{' '.join(names(help, settings))}' -- "$cur"))
		elif [ "$COMP_CWORD" = 1 ]; then
			COMPREPLY=($(compgen -W '{' '.join(SUBCOMMANDS)}' -- "$cur") $(compgen -f -- "$cur"))
		else
			COMPREPLY=($(compgen -f -- "$cur"))
		fi
		;;
	esac
}}
complete -o filenames -F _resp_server resp-server
"""


def fish(help: Help, settings: list) -> str:
    lines = ["# fish completion for resp-server"]
    for name, text in SUBCOMMANDS.items():
        lines.append(f"complete -c resp-server -n __fish_is_first_arg -a {name} -d '{text}'")
    own = set()
    for option in help.options:
        flags = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names)
        main = option.names[-1] if option.names[-1].startswith("--") else option.names[0]
        own.update(option.names)
        values = " -x" if option.value else ""
        if main in FILES:
            values = " -r -F"
        elif main in FOLDERS:
            values = " -x -a '(__fish_complete_directories)'"
        elif main in WORDS:
            values = f" -x -a '{WORDS[main]}'"
        lines.append(f"complete -c resp-server {flags}{values} -d '{quoted(brief(option))}'")
    lines += [f"complete -c resp-server -l {s} -x -d 'a directive of redis.conf'" for s in settings if f"--{s}" not in own]
    return "\n".join(lines) + "\n"


def zsh(help: Help, settings: list) -> str:
    lines = ["#compdef resp-server", "", "_resp_server() {", "\tlocal -a subcommands=("]
    lines += [f"\t\t'{name}:{text}'" for name, text in SUBCOMMANDS.items()]
    lines += ["\t)", "\tlocal -a options=("]
    own = set()
    for option in help.options:
        for name in option.names:
            own.add(name)
            text = re.sub(r"([\[\]:])", r"\\\1", quoted(brief(option)))
            lines.append(f"\t\t'{name}[{text}]{action(name, option.value)}'")
    lines += [f"\t\t'--{s}[a directive of redis.conf]:value:'" for s in settings if f"--{s}" not in own]
    lines += ["\t)",
              "\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then",
              "\t\t_describe -t commands command subcommands",
              "\t\t_files",
              "\telse",
              "\t\t_arguments $options '*:file:_files'",
              "\tfi", "}", "", '_resp_server "$@"']
    return "\n".join(lines) + "\n"


def action(name: str, value: str) -> str:
    """What completes the value of an option, as _arguments of zsh takes it."""
    if name in FILES:
        return ":file:_files"
    if name in FOLDERS:
        return ":directory:_files -/"
    if name in WORDS:
        return f":value:({WORDS[name]})"
    return ":value:" if value else ""


def brief(option: Option) -> str:
    """What an option does, up to the first comma, colon or semicolon."""
    return re.split(r"[,;:] ", option.text + " ")[0].strip()


def quoted(text: str) -> str:
    """Text that stands in single quotes."""
    return text.replace("'", "’")
