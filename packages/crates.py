"""Makes the crates, and tests them: resp-server, and one with the binary for each platform."""

import gzip
import io
import shutil
import tarfile
from pathlib import Path

from release import DIST, PACKAGES, PLATFORMS, ROOT, VERSION, Platform, run

SOURCE = PACKAGES / "rust"
CRATE = "resp-server"
README = """# {name}

The binary of [resp-server](https://crates.io/crates/resp-server) for {platform}. That crate finds it by the build script.
"""
MANIFEST = """[package]
name = "{name}"
version = "{version}"
edition = "2021"
description = "The binary of resp-server for {platform}."
license = "MIT"
repository = "https://github.com/resp-server/resp-server"
readme = "README.md"
links = "{name}"
"""
SCRIPT = """fn main() {{
    println!("cargo:path={{}}/bin/{binary}", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    println!("cargo:rerun-if-changed=bin");
}}
"""


def build(epoch: int) -> None:
    """Makes the crate without a binary, which depends on those with one, each only for its target."""
    manifest = (SOURCE / "Cargo.toml").read_text(encoding="utf-8")
    manifest = manifest[manifest.index("[package]") :]
    for p in PLATFORMS:
        target = f'cfg(all(target_os = "{p.rust_os}", target_arch = "{p.rust_arch}"))'
        manifest += f"\n[target.'{target}'.dependencies]\n{p.crate} = \"={VERSION}\"\n"
    members = [("Cargo.toml", manifest.encode(), 0o644)]
    for file in [SOURCE / "README.md", SOURCE / "build.rs", *sorted(SOURCE.glob("src/*.rs"))]:
        members.append((file.relative_to(SOURCE).as_posix(), file.read_bytes(), 0o644))
    pack(CRATE, members, epoch)


def build_platform(platform: Platform, binary: Path, epoch: int) -> None:
    """Makes the crate with the binary."""
    names = {"name": platform.crate, "platform": platform.name, "version": VERSION, "binary": platform.binary}
    members = [(f"bin/{platform.binary}", binary.read_bytes(), 0o755)]
    for file, text in ("Cargo.toml", MANIFEST), ("README.md", README), ("build.rs", SCRIPT), ("src/lib.rs", "//! {name}\n"):
        members.append((file, text.format(**names).encode(), 0o644))
    pack(platform.crate, members, epoch)


def pack(name: str, members: list, epoch: int) -> None:
    """Writes a .crate file, as cargo package does."""
    members = [("LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644), *members]
    with open(DIST / f"{name}-{VERSION}.crate", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as zipped:
        with tarfile.open(fileobj=zipped, mode="w") as out:
            for file, data, mode in members:
                info = tarfile.TarInfo(f"{name}-{VERSION}/{file}")
                info.size, info.mode, info.mtime = len(data), mode, epoch
                out.addfile(info, io.BytesIO(data))


def patches(folder: Path) -> list:
    """Unpacks the crates of dist/, and returns the arguments by which Cargo takes them."""
    folder.mkdir()
    words = []
    for name in [CRATE, *(p.crate for p in PLATFORMS)]:
        file = DIST / f"{name}-{VERSION}.crate"
        crate = folder / f"{name}-{VERSION}"
        if file.exists():
            with tarfile.open(file) as t:
                t.extractall(folder)
        else:  # of another platform: Cargo wants to know it all the same
            (crate / "src").mkdir(parents=True)
            (crate / "src/lib.rs").touch()
            (crate / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "{VERSION}"\n', encoding="utf-8")
        words += ["--config", f"patch.crates-io.{name}.path='{crate.as_posix()}'"]
    return words


def test(folder: Path, every: bool) -> None:
    """Runs the tests in a project that depends on the crates of dist/; every: the clients, too."""
    folder.mkdir()
    crates = patches(folder / "crates")
    project = folder / "project"
    shutil.copytree(SOURCE / "tests", project / "tests")
    (project / "src").mkdir()
    (project / "src/lib.rs").touch()
    manifest = f'[package]\nname = "project"\nedition = "2021"\n[dev-dependencies]\n{CRATE} = "{VERSION}"\n'
    (project / "Cargo.toml").write_text(manifest, encoding="utf-8")
    run(["cargo", "test", "-q", "--offline", *crates], project, CARGO_TARGET_DIR=str(folder / "target"))
    if every:
        shutil.copytree(SOURCE / "clients", folder / "clients", ignore=shutil.ignore_patterns("target"))
        run(["cargo", "test", "-q", *crates], folder / "clients", CARGO_TARGET_DIR=str(folder / "target"))
