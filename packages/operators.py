"""What packages/build makes for operators: the container image, packages for Linux and bills of materials."""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import manual
from release import DIST, IMAGE, PACKAGES, ROOT, VERSION, Platform, build_binary, build_env, host, run


class Tools:
    """The programs of the module tools that make packages."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.folder = folder
        run(["go", "build", "-o", f"{folder}{os.sep}", "./image", "./linuxpackage", "./sbom"], ROOT / "tools")

    def __getattr__(self, name: str) -> Path:
        return self.folder / (name + (".exe" if os.name == "nt" else ""))


def build(scratch: Path, binaries: dict, documents: Path, epoch: int) -> None:
    """Makes all of this module for the platforms of some binaries."""
    tools = Tools(scratch / "tools")
    for platform, binary in binaries.items():
        sbom(tools, binary, platform.sbom)
        linux_packages(tools, platform, binary, documents, scratch / "linux" / platform.goarch, epoch)
    image(tools, binaries, scratch / "image", epoch)


def sbom(tools: Tools, binary: Path, name: str) -> None:
    text = run([tools.sbom, "-version", VERSION, "-license", "MIT", binary])
    (DIST / name).write_text(text, encoding="utf-8")


def shell(platform: Platform, path: Path) -> Path:
    """Builds /bin/sh of the image."""
    run(["go", "build", "-trimpath", "-buildvcs=false", "-gcflags=all=-l", "-ldflags=-s -w", "-o", path, "./shell"],
        ROOT / "tools", env=build_env(platform))
    return path


def image(tools: Tools, binaries: dict, folder: Path, epoch: int) -> None:
    """Makes the image of all platforms of Linux, as a tar file of an OCI layout."""
    linux = {p: b for p, b in binaries.items() if p.goos == "linux"}
    if not linux:
        return
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    shells = {p: shell(p, folder.with_name(f"sh-{p.goarch}")) for p in linux}
    for platform, sh in shells.items():
        sbom(tools, sh, platform.shell_sbom)
    command = ["go", "list", "-m", "-f", "{{.Dir}}", "mvdan.cc/sh/v3"]
    module = subprocess.run(command, cwd=ROOT / "tools", check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    run([tools.image, "-out", folder, "-version", VERSION, "-revision", git.stdout.strip(), "-epoch", str(epoch),
         "-defaults", PACKAGES / "image/defaults.conf", "-license", ROOT / "LICENSE",
         "-shell-license", Path(module) / "LICENSE",
         *(f"{p.name}={b}={shells[p]}" for p, b in linux.items())])
    with tarfile.open(DIST / IMAGE, "w") as out:
        for file in sorted(f for f in folder.rglob("*") if f.is_file()):
            info = tarfile.TarInfo(file.relative_to(folder).as_posix())
            info.size, info.mode, info.mtime = file.stat().st_size, 0o644, epoch
            out.addfile(info, io.BytesIO(file.read_bytes()))


def documents(folder: Path, epoch: int) -> Path:
    """Writes the man page and the completions, which come from what the binary of this machine prints."""
    binary = folder.with_name("host") / host().binary
    build_binary(host(), binary)
    folder.mkdir()
    help = manual.parse(run([binary, "--help"]))
    settings = manual.directives(ROOT / "docs/settings.md")
    page = manual.man_page(help, VERSION, epoch)
    (folder / "resp-server.1").write_text(page, encoding="utf-8")
    (folder / "resp-server.1.gz").write_bytes(gzip.compress(page.encode(), 9, mtime=epoch))
    (folder / "resp-server.bash").write_text(manual.bash(help, settings), encoding="utf-8")
    (folder / "resp-server.fish").write_text(manual.fish(help, settings), encoding="utf-8")
    (folder / "_resp-server").write_text(manual.zsh(help, settings), encoding="utf-8")
    return folder


def linux_packages(tools: Tools, platform: Platform, binary: Path, documents: Path, folder: Path, epoch: int) -> None:
    if platform.goos != "linux":
        return
    shutil.copytree(documents, folder)
    for file in (PACKAGES / "linux").iterdir():
        shutil.copy(file, folder)
    shutil.copy(ROOT / "LICENSE", folder)
    shutil.copy(binary, folder)
    for file in folder.iterdir():  # the scripts of an apk keep the times of their files
        os.utime(file, (epoch, epoch))
    run([tools.linuxpackage, DIST], folder, GOARCH=platform.goarch, VERSION=VERSION)
