"""Makes the Composer package, and tests it."""

import json
import time
import zipfile
from pathlib import Path

from release import DIST, PACKAGES, ROOT, VERSION, run

SOURCE = PACKAGES / "php"
ARCHIVE = f"resp-server-php-{VERSION}.zip"


def build(epoch: int) -> None:
    """Makes an archive that a Composer repository of the type artifact takes. It has no binary: see Binary.php."""
    manifest = json.loads((SOURCE / "composer.json").read_text(encoding="utf-8"))
    members = [("composer.json", json.dumps({**manifest, "version": VERSION}, indent=4).encode() + b"\n", 0o644)]
    for file in [ROOT / "LICENSE", SOURCE / "README.md", *sorted(SOURCE.glob("src/*.php"))]:
        members.append((file.relative_to(ROOT if file.parent == ROOT else SOURCE).as_posix(), file.read_bytes(), 0o644))
    members.append(("bin/resp-server", (SOURCE / "bin/resp-server").read_bytes(), 0o755))
    with zipfile.ZipFile(DIST / ARCHIVE, "w") as out:
        for name, data, mode in members:
            info = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
            info.external_attr = (0o100000 | mode) << 16
            out.writestr(info, data, zipfile.ZIP_DEFLATED, compresslevel=9)


def test(folder: Path, binary: Path) -> None:
    """Installs the package with Composer and runs the tests, which download the binary from dist/."""
    with zipfile.ZipFile(DIST / ARCHIVE) as archive:
        archive.extractall(folder / "package")
    copy = {"type": "path", "url": "package", "options": {"symlink": False}}
    project = {
        "repositories": [copy, {"packagist.org": False}],
        "require": {"resp-server/resp-server": VERSION},
    }
    (folder / "composer.json").write_text(json.dumps(project), encoding="utf-8")
    env = {
        "COMPOSER_HOME": str(folder / "composer"),
        "COMPOSER_ALLOW_SUPERUSER": "1",
        "RESP_SERVER_RELEASE": DIST.as_uri(),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    run(["composer", "install", "--quiet", "--no-interaction"], folder, **env)
    tests = SOURCE / "tests/run.php"
    if " tests passed" not in run(["php", str(tests), str(folder / "vendor/autoload.php")], folder, **env):
        raise SystemExit("the tests of the Composer package did not run")
    if f"(resp-server {VERSION})" not in run([str(folder / "vendor/bin/resp-server"), "--version"], folder, **env):
        raise SystemExit("the command of the Composer package does not run")
    if (folder / f"cache/resp-server/{VERSION}/{binary.name}").read_bytes() != binary.read_bytes():
        raise SystemExit("the Composer package has downloaded another binary")
