"""What packages/build and packages/test share: the version, the platforms and the binary."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple, Optional

PACKAGES = Path(__file__).resolve().parent
ROOT = PACKAGES.parent
DIST = ROOT / "dist"
LIMIT = 6_000_000  # bytes of each file, and of each layer of the image
SOURCE = "https://github.com/resp-server/resp-server"


class Platform(NamedTuple):
    """A system and an architecture, as each ecosystem calls them."""

    goos: str
    goarch: str
    npm: str
    wheel: Optional[str]  # None: PyPI takes no wheels for it
    classifier: str  # of Maven, as os-maven-plugin has it
    ruby: str

    @property
    def name(self) -> str:
        return f"{self.goos}/{self.goarch}"

    @property
    def binary(self) -> str:
        return "resp-server.exe" if self.goos == "windows" else "resp-server"

    @property
    def archive(self) -> str:
        return f"resp-server_{VERSION}_{self.goos}_{self.goarch}." + ("zip" if self.goos == "windows" else "tar.gz")

    @property
    def sbom(self) -> str:
        return f"resp-server_{VERSION}_{self.goos}_{self.goarch}.cdx.json"

    @property
    def shell_sbom(self) -> str:
        """That of /bin/sh in the image."""
        return f"resp-server_{VERSION}_image_sh_{self.goarch}.cdx.json"

    @property
    def linux_packages(self) -> list:
        """The deb, the rpm and the apk, each with the name that its tools expect."""
        if self.goos != "linux":
            return []
        machine = {"amd64": "x86_64", "arm64": "aarch64"}[self.goarch]
        return [f"resp-server_{VERSION}_{self.goarch}.deb", f"resp-server-{VERSION}-1.{machine}.rpm",
                f"resp-server_{VERSION}_{machine}.apk"]

    @property
    def tarball(self) -> str:
        return f"resp-server-{self.npm}-{VERSION}.tgz"

    @property
    def wheel_file(self) -> str:
        return f"resp_server-{VERSION}-py3-none-{self.wheel}.whl"

    @property
    def jar(self) -> str:
        return f"resp-server-{VERSION}-{self.classifier}.jar"

    @property
    def rust_os(self) -> str:
        return "macos" if self.goos == "darwin" else self.goos

    @property
    def rust_arch(self) -> str:
        return {"amd64": "x86_64", "arm64": "aarch64"}[self.goarch]

    @property
    def crate(self) -> str:
        return f"resp-server-{self.rust_os}-{self.rust_arch}"

    @property
    def crate_file(self) -> str:
        return f"{self.crate}-{VERSION}.crate"

    @property
    def gem(self) -> str:
        return f"resp-server-{VERSION}-{self.ruby}.gem"

    @property
    def archives(self) -> list:
        """The files of dist/ that have the binary, but those of package managers of Linux."""
        wheels = [self.wheel_file] if self.wheel else []
        return [self.archive, *wheels, self.tarball, self.jar, self.crate_file, self.gem]

    @property
    def files(self) -> list:
        """All files of dist/ that are for this platform alone. Each but the SBOMs has the binary."""
        shell = [self.shell_sbom] if self.goos == "linux" else []
        return [*self.archives, *self.linux_packages, self.sbom, *shell]


# A static binary needs no libc, so a wheel has the tags of both glibc and musl.
PLATFORMS = [
    Platform("linux", "amd64", "linux-x64", "manylinux_2_17_x86_64.musllinux_1_1_x86_64", "linux-x86_64", "x86_64-linux"),
    Platform("linux", "arm64", "linux-arm64", "manylinux_2_17_aarch64.musllinux_1_1_aarch64", "linux-aarch_64", "aarch64-linux"),
    Platform("darwin", "amd64", "darwin-x64", "macosx_11_0_x86_64", "osx-x86_64", "x86_64-darwin"),
    Platform("darwin", "arm64", "darwin-arm64", "macosx_11_0_arm64", "osx-aarch_64", "arm64-darwin"),
    Platform("windows", "amd64", "win32-x64", "win_amd64", "windows-x86_64", "x64-mingw-ucrt"),
    Platform("windows", "arm64", "win32-arm64", "win_arm64", "windows-aarch_64", "aarch64-mingw-ucrt"),
    Platform("freebsd", "amd64", "freebsd-x64", None, "freebsd-x86_64", "amd64-freebsd"),
    Platform("freebsd", "arm64", "freebsd-arm64", None, "freebsd-aarch_64", "aarch64-freebsd"),
]


def host() -> Platform:
    """The platform of this machine, as Go names it."""
    env = subprocess.run(["go", "env", "GOHOSTOS", "GOHOSTARCH"], check=True, capture_output=True, text=True, cwd=ROOT)
    goos, goarch = env.stdout.split()
    for platform in PLATFORMS:
        if (platform.goos, platform.goarch) == (goos, goarch):
            return platform
    raise SystemExit(f"no package is made for {goos}/{goarch}")


def run(command: list, cwd: Path = ROOT, env: Optional[dict] = None, **more: str) -> str:
    """Runs a command and returns what it prints; if it fails, so does the program.

    env is the whole environment, ours by default; more has variables to add.
    """
    command = [shutil.which(command[0]) or command[0], *map(str, command[1:])]
    variables = {**(os.environ if env is None else env), **more}
    done = subprocess.run(command, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\nfailed: {' '.join(map(str, command))}")
    return done.stdout


def commit_time() -> int:
    """The time of the last commit: a file's time must not depend on when it is built."""
    git = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
    return int(git.stdout) if git.returncode == 0 and git.stdout.strip() else int(time.time())


def build_env(platform: Platform) -> dict:
    """The environment in which Go builds for a platform. The same tree and the same Go make the same bytes."""
    return {**os.environ, "CGO_ENABLED": "0", "GOOS": platform.goos, "GOARCH": platform.goarch,
            "GOFLAGS": "", "GOAMD64": "v1", "GOARM64": "v8.0", "GOEXPERIMENT": ""}


def build_binary(platform: Platform, path: Path) -> None:
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(path), "./cmd/resp-server"]
    subprocess.run(command, check=True, env=build_env(platform), cwd=ROOT)


def _version() -> str:
    """The version, which stands in version.go; the packages and the pages that name it have to agree.

    It is three numbers: what comes after them has another form in each ecosystem.
    """
    version = _match(r'^const Version = "(\d+\.\d+\.\d+)"', ROOT / "version.go")
    for file, pattern in (
        ("python/src/resp_server/_version.py", r'^__version__ = "(.+)"'),
        ("java/pom.xml", r"^  <version>(.+)</version>"),
        ("rust/Cargo.toml", r'^version = "(.+)"'),
        ("ruby/lib/resp_server/version.rb", r'^  VERSION = "(.+)"'),
        ("php/src/Binary.php", r"const VERSION = '(.+)'"),
    ):
        if _match(pattern, PACKAGES / file) != version:
            raise SystemExit(f"version.go says {version}, packages/{file} says something else")
    for file in ("docs/installing.md", "docs/first-steps.md", "packages/java/README.md"):
        text = (ROOT / file).read_text(encoding="utf-8")
        if set(re.findall(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])", text)) != {version}:
            raise SystemExit(f"version.go says {version}, {file} says something else")
    return version


def _match(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"{file} has no version")
    return found[1]


VERSION = _version()
IMAGE = f"resp-server_{VERSION}_image.tar"  # for all platforms of Linux

if __name__ == "__main__":
    print(VERSION)
