"""What packages/test tests of the container image, the packages for Linux, bills of materials, manifests and the action."""

import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable

import formats
import manifests
from container import Container, Layout
from release import DIST, IMAGE, LIMIT, PLATFORMS, ROOT, VERSION, Platform, commit_time, host, run

DOCUMENTS = ["resp-server.1", "resp-server.bash", "resp-server.fish", "_resp-server"]

COMMON = ["/etc/resp-server/resp-server.conf", "/usr/bin/resp-server", "/usr/share/man/man1/resp-server.1.gz",
          "/usr/share/bash-completion/completions/resp-server", "/usr/share/fish/vendor_completions.d/resp-server.fish"]
FILES = {
    formats.deb: [*COMMON, "/usr/lib/systemd/system/resp-server.service", "/usr/share/doc/resp-server/copyright",
                  "/usr/share/zsh/vendor-completions/_resp-server"],
    formats.rpm: [*COMMON, "/usr/lib/systemd/system/resp-server.service", "/usr/share/licenses/resp-server/LICENSE",
                  "/usr/share/zsh/site-functions/_resp-server"],
    formats.apk: [*COMMON, "/etc/init.d/resp-server", "/usr/share/licenses/resp-server/LICENSE",
                  "/usr/share/zsh/site-functions/_resp-server"],
}


def check_platform(platform: Platform, binary: Path) -> None:
    """Compares what is for one platform with a binary that was built now."""
    data = binary.read_bytes()
    if (parts := materials(platform.sbom, data)) != ["stdlib"]:
        raise SystemExit(f"{platform.sbom} lists {parts}; the binary has the standard library alone")
    if platform.goos != "linux":
        return
    for name, (read, want) in zip(platform.linux_packages, FILES.items()):
        files, about = read(DIST / name)
        if sorted(files) != sorted(want):
            raise SystemExit(f"{name} has {', '.join(sorted(files))}")
        if files["/usr/bin/resp-server"] != (data, 0o755):
            raise SystemExit(f"the binary in {name} is older than the tree: run packages/build")
        if VERSION not in about.values() or not {platform.goarch, "x86_64", "aarch64"} & set(about.values()):
            raise SystemExit(f"{name} says {about}")
    layout = Layout(DIST / IMAGE)
    if any(d["size"] > LIMIT for d in layout.manifests[platform.name]["layers"]):
        raise SystemExit(f"a layer of {IMAGE} has more than {LIMIT / 1e6:g} MB")
    files = layout.files_of(platform.name)
    if files["usr/local/bin/resp-server"] != data:
        raise SystemExit(f"the binary in {IMAGE} is older than the tree: run packages/build")
    if "mvdan.cc/sh/v3" not in (parts := materials(platform.shell_sbom, files["bin/sh"])):
        raise SystemExit(f"{platform.shell_sbom} lists {parts}; the shell is made of others")


def materials(name: str, binary: bytes) -> list:
    """The parts that a bill of materials lists, which has to be about a binary."""
    bill = json.loads((DIST / name).read_text(encoding="utf-8"))
    main = bill["metadata"]["component"]
    if main["hashes"][0]["content"] != hashlib.sha256(binary).hexdigest() or main["version"] != f"v{VERSION}":
        raise SystemExit(f"{name} is about another binary: run packages/build")
    return [c["name"] for c in bill["components"]]


def test_linux_packages(folder: Path, binary: Path, want: Callable) -> None:
    """Uses the files of the deb of this machine as their programs do."""
    if host().goos != "linux":
        return
    folder.mkdir()
    files, _ = formats.deb(DIST / host().linux_packages[0])
    text = {path.rsplit("/", 1)[1]: data.decode() for path, (data, _) in files.items() if b"\0" not in data[:512]}
    help = run([binary, "--help"])
    options = set(re.findall(r"^  (--[a-z-]+)", help, re.MULTILINE))

    page = folder / "resp-server.1"
    page.write_bytes(gzip.decompress(files["/usr/share/man/man1/resp-server.1.gz"][0]))
    shown = run(["man", "--warnings", "--no-hyphenation", "-l", page], folder, MANWIDTH="80", LC_ALL="C")
    want("the man page has every option", "warning:" not in shown and options <= set(re.findall(r"--[a-z-]+", shown)))

    completion = folder / "completion.bash"
    completion.write_text(text["resp-server"], encoding="utf-8")
    script = 'source "$0"; COMP_WORDS=(resp-server "$@"); COMP_CWORD=$#; _resp_server; echo "${COMPREPLY[@]}"'
    for words, found in {"--": options, "--maxmemory-p": {"--maxmemory-policy"}, "pi": {"ping"},
                         "--loglevel v": {"verbose"}, "--load compl": {"completion.bash"}}.items():
        done = run(["bash", "-c", script, completion, *words.split()], folder)
        want(f"bash completes {words}", found <= set(done.split()))
    for shell, name in (("zsh", "_resp-server"), ("fish", "resp-server.fish")):
        (folder / name).write_text(text[name], encoding="utf-8")
        run([shell, "-n", folder / name], folder)
        missing = [o for o in options if o not in text[name] and f"-l {o[2:]} " not in text[name]]
        want(f"{shell} completes every option", not missing)

    unit = folder / "resp-server.service"
    unit.write_text(text["resp-server.service"].replace("/usr/bin/resp-server", str(binary)), encoding="utf-8")
    want("systemd takes the unit", run(["systemd-analyze", "verify", "--man=no", unit], folder) == "")

    # The service, without systemd, in another directory and on another port.
    conf = folder / "resp-server.conf"
    conf.write_text(text["resp-server.conf"].replace("/var/lib/resp-server", str(folder)), encoding="utf-8")
    server = subprocess.Popen([binary, conf, "--port", "0", "--exit-with-parent"],
                              stdout=subprocess.PIPE, text=True)
    log = ""
    while "Ready to accept connections" not in log and (line := server.stdout.readline()):
        log += line
    server.terminate()
    server.communicate()
    want("the configuration starts a server", "Ready to accept connections" in log and server.returncode == 0)


def test_image(folder: Path, want: Callable) -> None:
    """Runs the image of this machine as PID 1 of namespaces, with its configuration."""
    if host().goos != "linux":
        return
    if os.geteuid() != 0:
        print("the image is not run: that needs root")
        return
    layout = Layout(DIST / IMAGE)
    folder.mkdir()
    c = Container(layout, host().name, folder)

    c.start()
    want("it runs as PID 1", "\n1:M " in c.log)
    want("it is not root", f"Uid:\t{c.user}\t" in c.status and c.user != "0")
    want("it listens to other containers", "Listening on 0.0.0.0:6379" in c.log or "[::]:6379" in c.log)
    want("its health check", c.healthy())
    want("redis-cli in it", c.run("redis-cli", "ping") == (0, "PONG\n"))
    want("redis-cli in it writes", c.run("redis-cli", "-c", "set", "k", "v") == (0, "OK\n"))
    want("redis-cli in it scans", c.run("redis-cli", "--scan", "--pattern", "k*") == (0, "k\n"))
    for module, line in WAITED_FOR.items():
        want(f"Testcontainers for {module} find their line", re.search(line, c.log) is not None)
    for check in ("redis-cli ping", "redis-cli ping || exit 1", "redis-cli ping | grep PONG", '[ "$(redis-cli ping)" = "PONG" ]'):
        want(f"a health check by a shell: {check}", c.run("/bin/sh", "-c", check)[0] == 0)
    want("one that fails", c.run("/bin/sh", "-c", "redis-cli -p 1 ping || exit 1")[0] == 1)
    want("it ends in order", c.stop() == 0 and (folder / "data/dump.rdb").is_file())

    # The volume has the data; and the commands that compose files have.
    conf = folder / "usr/local/etc/redis/redis.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("port 7000\nrequirepass secret\n", encoding="utf-8")
    conf.with_name("typical.conf").write_text(TYPICAL_CONF, encoding="utf-8")
    appended = False
    for command, entrypoint, port in (
        (["redis-server", "--save", ""], None, "6379"),
        (["redis-server", "--requirepass", "secret", "--port", "7001"], None, "7001"),
        (["--requirepass", "secret", "--maxmemory", "100mb"], None, "6379"),
        (["redis-server", "/usr/local/etc/redis/redis.conf"], None, "7000"),
        (["/usr/local/etc/redis/redis.conf", "--loglevel", "warning"], None, "7000"),
        (["--save", "60", "1"], ["redis-server"], "6379"),
        # With appendonly it starts from an empty append-only file, as Redis does, and not from the snapshot.
        (["redis-server", "--appendonly", "yes", "--requirepass", "secret"], None, "6379"),
        (["redis-server", '--requirepass "secret"', "--save 1 1 ", "--appendonly yes"], None, "6379"),  # Testcontainers' Node
        (["redis-server", "/usr/local/etc/redis/typical.conf"], None, "6379"),
        (["sh", "-c", "redis-server --requirepass ${PASSWORD:-secret} --port 7002"], None, "7002"),
        (["-c", "echo starting && exec redis-server --save ''"], ["/bin/sh"], "6379"),
    ):
        c.start(*command, entrypoint=entrypoint)
        shown = " ".join([*(entrypoint or []), *command])
        want(f"it is healthy with {shown}", c.healthy() and "\n1:M " in c.log)
        cli = ["redis-cli", "-p", port, "-a", "secret", "--no-auth-warning"]
        if not appended and (folder / "data/appendonlydir").is_dir():
            appended = True
            c.run(*cli, "set", "k", "v")
        want(f"it has the data with {shown}", c.run(*cli, "get", "k")[1].endswith("v\n"))
        want("it ends in order", c.stop() == 0)


def test_manifests(folder: Path, python: Path, want: Callable) -> None:
    """Compares what the manifests say with what a release has; python can read YAML."""
    sums = {p: hashlib.sha256(p.name.encode()).hexdigest() for p in PLATFORMS}
    found = manifests.all_manifests(sums)
    of = {goos: {(manifests.url(p), s) for p, s in sums.items() if p.goos == goos} for goos in ("linux", "darwin", "windows")}

    formula = found["resp-server.rb"]
    want("the formula has every archive", set(re.findall(r'url "(.+)"\n +sha256 "(.+)"', formula)) == of["linux"] | of["darwin"])
    if shutil.which("ruby"):
        (folder / "resp-server.rb").write_text(formula, encoding="utf-8")
        run(["ruby", "-c", "resp-server.rb"], folder)
    bucket = json.loads(found["resp-server.json"])
    want("Scoop's manifest has every archive", {(a["url"], a["hash"]) for a in bucket["architecture"].values()} == of["windows"])
    read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))"
    parts = {name: json.loads(run([python, "-c", read, text], folder)) for name, text in found.items() if name.endswith(".yaml")}
    installers = parts["resp-server.resp-server.installer.yaml"]["Installers"]
    want("winget's manifest has every archive",
         {(i["InstallerUrl"], i["InstallerSha256"].lower()) for i in installers} == of["windows"])
    want("its parts are of one version", {p["PackageVersion"] for p in parts.values()} == {VERSION} and len(parts) == 3)


def test_action(folder: Path, want: Callable) -> None:
    """Runs the script of the action with what dist/ has, as a step of a workflow and in another CI."""
    folder.mkdir()
    run(["go", "build", "-o", folder, "github.com/rhysd/actionlint/cmd/actionlint"], ROOT / "tools")
    run([folder / "actionlint", "-shellcheck=", "-pyflakes="])
    start = ROOT / "action/start"
    common = {**os.environ, "RUNNER_TEMP": str(folder), "RESP_SERVER_DOWNLOADS": DIST.as_uri(), "RESP_SERVER_PORT": "0",
              "RESP_SERVER_ARGS": "--requirepass secret --maxmemory 10mb"}
    steps = {f"GITHUB_{n}": str(folder / n.lower()) for n in ("ENV", "OUTPUT", "PATH")}
    run([start], env={**common, **steps})
    path, env, output = ((folder / n).read_text(encoding="utf-8").strip() for n in ("path", "env", "output"))
    ready = json.loads((Path(path) / "ready.json").read_text(encoding="utf-8"))
    try:
        url = f"redis://127.0.0.1:{ready['port']}"
        want("the action says where the server is", env == f"REDIS_URL={url}" and output == f"url={url}\nport={ready['port']}")
        cli = [Path(path) / "resp-server", "redis-cli", "-u", url, "--no-auth-warning", "-a", "secret"]
        want("the action starts a server", run([*cli, "config", "get", "maxmemory"]) == "maxmemory\n10485760\n")
    finally:
        os.kill(ready["pid"], signal.SIGTERM)
    other = {k: v for k, v in common.items() if not k.startswith("GITHUB_")}
    script = 'set -e; eval "$("$0")"; resp-server version'
    want("it works in another CI", run(["bash", "-c", script, start], env={**other, "RESP_SERVER_START": "false"})
         .startswith(f"resp-server {VERSION} "))
    forged = folder / "forged"
    forged.mkdir()
    shutil.copy(DIST / "SHA256SUMS", forged)
    (forged / host().archive).write_bytes((DIST / host().archive).read_bytes() + b"\n")
    done = subprocess.run([start], env={**common, "RESP_SERVER_DOWNLOADS": forged.as_uri()}, capture_output=True, text=True)
    want("it refuses a forged archive", done.returncode == 1 and "has another checksum" in done.stderr)


def test_again(folder: Path, everything: bool, want: Callable) -> None:
    """Builds a copy of the tree in another directory, which has to give the same bytes."""
    copy = folder / "another directory"
    names = run(["git", "ls-files", "-co", "--exclude-standard"]).splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    env = {**os.environ, "GIT_DIR": run(["git", "rev-parse", "--absolute-git-dir"]).strip()}
    if everything:
        run([sys.executable, "-B", "packages/build", "host"], copy, env=env)
    else:
        env["SOURCE_DATE_EPOCH"] = str(commit_time())
        run([sys.executable, "-B", "-c", AGAIN, folder], copy / "packages", env=env)
    made = [f.name for f in (copy / "dist").iterdir() if f.is_file() and f.name != "SHA256SUMS"]
    if any((DIST / p.archive).exists() for p in PLATFORMS if p != host()):
        made.remove(IMAGE)  # that of dist/ has more platforms
    differ = [n for n in made if (copy / "dist" / n).read_bytes() != (DIST / n).read_bytes()]
    title = f"another directory gives the same {len(made)} files"
    want(title + (f", but not {', '.join(differ)}" if differ else ""), not differ and len(made) > 4)


# What the modules of Testcontainers wait for in the log, before they let a test connect. That for Python pings.
WAITED_FOR = {
    "Java": r"(?m)^.*Ready to accept connections.*\n",
    "Go": r"\* Ready to accept connections",
    "Rust": r"Ready to accept connections",
}

# The lines of a redis.conf that projects keep beside their compose file.
TYPICAL_CONF = """
bind 0.0.0.0
protected-mode yes
port 6379
tcp-backlog 511
timeout 0
tcp-keepalive 300
daemonize no
supervised no
pidfile /var/run/redis_6379.pid
loglevel notice
logfile ""
databases 16
always-show-logo no
save 900 1
save 300 10
stop-writes-on-bgsave-error yes
rdbcompression yes
dbfilename dump.rdb
dir /data
requirepass secret
maxmemory 256mb
maxmemory-policy allkeys-lru
appendonly yes
appendfilename "appendonly.aof"
appendfsync everysec
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
rename-command FLUSHALL ""
slowlog-log-slower-than 10000
notify-keyspace-events ""
client-output-buffer-limit normal 0 0 0
hz 10
"""

# Builds what is made for operators, which is quicker than everything.
AGAIN = """
import os, sys, operators, release
from pathlib import Path
scratch, epoch, platform = Path(sys.argv[1]), int(os.environ["SOURCE_DATE_EPOCH"]), release.host()
release.DIST.mkdir()
documents = operators.documents(scratch / "documents", epoch)
operators.build(scratch, {platform: scratch / "host" / platform.binary}, documents, epoch)
"""
