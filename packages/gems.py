"""Makes the gems, and tests them: one with the binary for each platform, and one without for all others."""

import os
import shutil
from pathlib import Path

from release import DIST, PACKAGES, ROOT, VERSION, Platform, host, run

SOURCE = PACKAGES / "ruby"


def build(scratch: Path) -> None:
    """Makes the gem without a binary, which is for platforms that have none."""
    gem_build(scratch / "gem", f"resp-server-{VERSION}.gem")


def build_platform(scratch: Path, platform: Platform, binary: Path) -> None:
    """Makes the gem with the binary."""
    folder = scratch / f"gem-{platform.ruby}"
    (folder / "libexec").mkdir(parents=True)
    shutil.copy(binary, folder / "libexec")
    gem_build(folder, platform.gem, RESP_SERVER_PLATFORM=platform.ruby)


def gem_build(folder: Path, name: str, **env: str) -> None:
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("test"), dirs_exist_ok=True)
    shutil.copy(ROOT / "LICENSE", folder)
    run(["gem", "build", "--silent", "--output", str(DIST / name), "resp-server.gemspec"], folder, **env)


def install(home: Path) -> dict:
    """Installs the gem of this platform into a folder of its own, and returns the variables that lead to it."""
    home.mkdir()
    env = {"GEM_HOME": str(home), "GEM_PATH": f"{home}{os.pathsep}{run(['gem', 'env', 'gempath'], home).strip()}"}
    run(["gem", "install", "--local", "--no-document", "--silent", str(DIST / host().gem)], home, **env)
    return env


def test(folder: Path, binary: Path, every: bool) -> None:
    """Runs the tests with the gem of this platform; every: those with redis-rb, too."""
    shutil.copytree(SOURCE / "test", folder / "test")
    home = folder / "gems"
    env = install(home)
    installed = home / f"gems/resp-server-{VERSION}-{host().ruby}/libexec" / host().binary
    if installed.read_bytes() != binary.read_bytes():
        raise SystemExit("the gem has another binary")
    if f"(resp-server {VERSION})" not in run([home / "bin/resp-server", "--version"], folder, **env):
        raise SystemExit("the command of the gem does not run")
    tests = [f for f in sorted((folder / "test").glob("test_*.rb")) if every or f.name != "test_redis.rb"]
    run(["ruby", "-e", "ARGV.each { |file| require file }", *map(str, tests)], folder, **env)
