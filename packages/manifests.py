"""Writes the manifests of other package managers, which name the archives of a release with their checksums."""

import json
import re

from release import PLATFORMS, SOURCE, VERSION, Platform

SUMMARY = "Redis-compatible server for tests and development"
DOWNLOADS = f"{SOURCE}/releases/download/v{VERSION}"


def all_manifests(sums: dict) -> dict:
    """The manifests by the names of their files; sums has the SHA-256 of the archive of each platform."""
    if set(sums) != set(PLATFORMS):
        return {}  # they name all of them
    return {"resp-server.rb": homebrew(sums), "resp-server.json": scoop(sums), **winget(sums)}


def url(platform: Platform) -> str:
    return f"{DOWNLOADS}/{platform.archive}"


def of(sums: dict, goos: str) -> list:
    return [(p, s) for p, s in sums.items() if p.goos == goos]


def homebrew(sums: dict) -> str:
    systems = []
    for goos, title in (("darwin", "macos"), ("linux", "linux")):
        blocks = []
        for platform, digest in of(sums, goos):
            cpu = {"amd64": "on_intel", "arm64": "on_arm"}[platform.goarch]
            blocks.append(f'    {cpu} do\n      url "{url(platform)}"\n      sha256 "{digest}"\n    end\n')
        systems.append(f"  on_{title} do\n{''.join(blocks)}  end\n")
    return f'''class RespServer < Formula
  desc "{SUMMARY}"
  homepage "{SOURCE}"
  version "{VERSION}"
  license "MIT"

{chr(10).join(systems)}
  def install
    bin.install "resp-server"
    man1.install "resp-server.1"
    bash_completion.install "resp-server.bash" => "resp-server"
    fish_completion.install "resp-server.fish"
    zsh_completion.install "_resp-server"
    (var/"db/resp-server").mkpath
  end

  service do
    run [opt_bin/"resp-server", "--dir", var/"db/resp-server", "--save", "60", "1"]
    keep_alive true
    log_path var/"log/resp-server.log"
    error_log_path var/"log/resp-server.log"
  end

  test do
    port = free_port
    pid = spawn bin/"resp-server", "--port", port.to_s, "--ready-file", testpath/"ready.json"
    sleep 0.1 until (testpath/"ready.json").exist?
    assert_equal "PONG", shell_output("#{{bin}}/resp-server ping --port #{{port}}").strip
  ensure
    Process.kill "TERM", pid
    Process.wait pid
  end
end
'''


def scoop(sums: dict) -> str:
    names = {"amd64": "64bit", "arm64": "arm64"}
    latest = f"{SOURCE}/releases/download/v$version"
    manifest = {
        "version": VERSION,
        "description": SUMMARY,
        "homepage": SOURCE,
        "license": "MIT",
        "architecture": {names[p.goarch]: {"url": url(p), "hash": s} for p, s in of(sums, "windows")},
        "bin": "resp-server.exe",
        "checkver": "github",
        "autoupdate": {
            "architecture": {names[p.goarch]: {"url": f"{latest}/{p.archive.replace(VERSION, '$version')}"}
                             for p, _ in of(sums, "windows")},
            "hash": {"url": f"{latest}/SHA256SUMS"},
        },
    }
    return json.dumps(manifest, indent=4) + "\n"


def winget(sums: dict) -> dict:
    """The three files of a version."""
    name, schema = "resp-server.resp-server", "1.6.0"
    common = {"PackageIdentifier": name, "PackageVersion": VERSION}
    end = {"ManifestVersion": schema}
    installers = [{
        "Architecture": {"amd64": "x64", "arm64": "arm64"}[p.goarch],
        "InstallerUrl": url(p),
        "InstallerSha256": s.upper(),
    } for p, s in of(sums, "windows")]
    files = {
        "": {**common, "DefaultLocale": "en-US", "ManifestType": "version", **end},
        ".installer": {
            **common, "InstallerType": "zip", "NestedInstallerType": "portable",
            "NestedInstallerFiles": [{"RelativeFilePath": "resp-server.exe", "PortableCommandAlias": "resp-server"}],
            "Installers": installers, "ManifestType": "installer", **end},
        ".locale.en-US": {
            **common, "PackageLocale": "en-US", "Publisher": "The resp-server authors", "PackageName": "resp-server",
            "PackageUrl": SOURCE, "License": "MIT", "LicenseUrl": f"{SOURCE}/blob/v{VERSION}/LICENSE",
            "ShortDescription": SUMMARY, "Tags": ["database", "redis", "testing"], "ManifestType": "defaultLocale", **end},
    }
    return {f"{name}{part}.yaml": "\n".join(yaml(content)) + "\n" for part, content in files.items()}


def yaml(value: object, indent: str = "") -> list:
    """Lines of YAML for what these manifests have: text, lists and maps, of which none is empty."""
    lines = []
    if isinstance(value, dict):
        for key, v in value.items():
            if isinstance(v, str):
                lines.append(f"{indent}{key}: {scalar(v)}")
            else:
                lines += [f"{indent}{key}:", *yaml(v, indent + "  " if isinstance(v, dict) else indent)]
        return lines
    for v in value:
        first, *rest = [scalar(v)] if isinstance(v, str) else yaml(v)
        lines += [f"{indent}- {first}", *(f"{indent}  {line}" for line in rest)]
    return lines


def scalar(text: str) -> str:
    """A text without quotes, unless YAML would take it for a number or read a sign in it."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 ./:_-]*|\d+\.\d+\.\d+[a-z0-9.-]*", text) and ": " not in text
    return text if plain else json.dumps(text)
