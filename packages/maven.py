"""Makes the artifacts of Maven, and tests them: a jar, and one with the binary for each platform."""

import hashlib
import secrets
import shutil
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from release import DIST, PACKAGES, PLATFORMS, ROOT, VERSION, Platform, commit_time, host, run

SOURCE = PACKAGES / "java"
GROUP, ARTIFACT = "io.github.resp-server", "resp-server"
MANIFEST = "Manifest-Version: 1.0\r\n"


def mvn(folder: Path, *words: str, **env: str) -> None:
    run(["mvn", "-q", "-B", "-ntp", *words], folder, **env)


def build(scratch: Path, epoch: int, documented: bool) -> None:
    """Makes the jar that has no binary, that of its sources, and the POM; documented: that of its javadoc, too."""
    folder = scratch / "java"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("target", "tests"))
    mvn(folder, "compiler:compile")
    license = [("META-INF/LICENSE", (ROOT / "LICENSE").read_bytes())]
    module = MANIFEST + "Automatic-Module-Name: io.github.respserver\r\n"
    jar(DIST / f"{ARTIFACT}-{VERSION}.jar", module, license + files(folder / "target/classes"), epoch)
    jar(DIST / f"{ARTIFACT}-{VERSION}-sources.jar", MANIFEST, license + files(folder / "src/main/java"), epoch)
    if documented:
        mvn(folder, "javadoc:javadoc")
        pages = files(next(folder.glob("target/**/apidocs")))
        jar(DIST / f"{ARTIFACT}-{VERSION}-javadoc.jar", MANIFEST, license + pages, epoch)
    (DIST / f"{ARTIFACT}-{VERSION}.pom").write_text(pom(), encoding="utf-8")


def pom() -> str:
    """The POM of the source, with a dependency on the binary of each common platform: so one dependency is enough.

    Every user downloads all of these jars. Who is on FreeBSD names its jar by the classifier.
    """
    depend = f"""    <dependency>
      <groupId>{GROUP}</groupId>
      <artifactId>{ARTIFACT}</artifactId>
      <version>{VERSION}</version>
      <classifier>%s</classifier>
      <scope>runtime</scope>
    </dependency>
"""
    text = (SOURCE / "pom.xml").read_text(encoding="utf-8")
    head, end, tail = text.partition("  </dependencies>\n")
    comment = text[text.index("<!--") : text.index("-->") + 4]
    return (head + "".join(depend % p.classifier for p in PLATFORMS if p.goos != "freebsd") + end + tail).replace(comment, "")


def build_platform(platform: Platform, binary: Path, epoch: int) -> None:
    """Makes the jar with the binary."""
    data = binary.read_bytes()
    name = f"META-INF/resp-server/{platform.classifier}/{platform.binary}"
    digest = hashlib.sha256(data).hexdigest() + "\n"
    members = [("META-INF/LICENSE", (ROOT / "LICENSE").read_bytes()), (name, data), (name + ".sha256", digest.encode())]
    jar(DIST / platform.jar, MANIFEST, members, epoch)


def files(folder: Path) -> list:
    """The files below a folder as members of a jar."""
    return [(f.relative_to(folder).as_posix(), f.read_bytes()) for f in sorted(folder.rglob("*")) if f.is_file()]


def jar(path: Path, manifest: str, members: list, epoch: int) -> None:
    with zipfile.ZipFile(path, "w") as out:
        for name, data in [("META-INF/MANIFEST.MF", manifest.encode()), *members]:
            info = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
            info.external_attr = 0o100755 << 16 if name.endswith(("/resp-server", ".exe")) else 0o100644 << 16
            out.writestr(info, data, zipfile.ZIP_DEFLATED, compresslevel=9)


def repository(folder: Path, version: str) -> str:
    """Lays the artifacts of dist/ out as a Maven repository, under another version, and returns its URL."""
    target = folder.joinpath(*GROUP.split("."), ARTIFACT, version)
    target.mkdir(parents=True)
    for file in DIST.glob(f"{ARTIFACT}-{VERSION}*.jar"):
        shutil.copy(file, target / file.name.replace(VERSION, version, 1))
    for platform in PLATFORMS:  # the POM wants those that dist/ may not have
        name = target / platform.jar.replace(VERSION, version, 1)
        if not name.exists():
            jar(name, MANIFEST, [], commit_time())
    text = (DIST / f"{ARTIFACT}-{VERSION}.pom").read_text(encoding="utf-8")
    text = text.replace(f"<version>{VERSION}</version>", f"<version>{version}</version>")
    (target / f"{ARTIFACT}-{version}.pom").write_text(text, encoding="utf-8")
    return folder.as_uri()


@contextmanager
def installed(folder: Path) -> Iterator[tuple]:
    """Has the artifacts of dist/ in a Maven repository; yields its URL, and the version that they have there."""
    # Maven keeps each version that it has seen, and all programs of a user share what it keeps.
    version = f"{VERSION}-{secrets.token_hex(4)}"
    try:
        yield repository(folder, version), version
    finally:
        kept = Path.home().joinpath(".m2/repository", *GROUP.split("."), ARTIFACT, version)
        shutil.rmtree(kept, ignore_errors=True)


def test(folder: Path, every: bool) -> None:
    """Runs the tests with what a project gets from the artifacts; every: with all clients, and with Spring Boot."""
    shutil.copytree(SOURCE / "tests", folder, ignore=shutil.ignore_patterns("target"))
    goals = ["resources:testResources", "compiler:testCompile", "surefire:test"]
    with installed(folder / "repository") as (url, version):
        words = [f"-Drepository={url}", f"-Dresp-server.version={version}", f"-Dresp-server.platform={host().classifier}"]
        mvn(folder, *words, *["-Pall"] * every, *goals, XDG_CACHE_HOME=str(folder / "cache"))
