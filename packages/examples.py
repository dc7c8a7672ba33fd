"""Runs the examples of the repository, as a user does who has installed the packages of dist/."""

import json
import os
import re
import shutil
import venv
import zipfile
from pathlib import Path
from typing import Callable

import composer
import crates
import gems
import maven
from container import Container, Layout
from release import DIST, IMAGE, PLATFORMS, ROOT, VERSION, host, run

EXAMPLES = ROOT / "examples"


def test(folder: Path, every: bool, want: Callable) -> None:
    """Runs what needs few packages; every: all but Testcontainers' example, which needs Docker."""
    folder.mkdir()
    python(folder, ["pytest", "unittest"] + ["django", "celery", "fastapi"] * every, want)
    node(folder, ["node-test"] + ["vitest", "jest", "bullmq"] * every, want)
    compose(folder, want)
    workflows(folder, want)
    if every:
        java(folder, want)
        rust(folder, want)
        ruby(folder, want)
        php(folder, want)


def copy(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(EXAMPLES / name, folder / name))


def interpreter(folder: Path) -> Path:
    return folder / ("venv/Scripts/python.exe" if os.name == "nt" else "venv/bin/python")


def python(folder: Path, names: list, want: Callable) -> None:
    venv.create(folder / "venv", with_pip=True)
    program = interpreter(folder)
    needed = {line for n in names for line in (EXAMPLES / n / "requirements.txt").read_text(encoding="utf-8").split()}
    needed = needed - {"resp-server"} | {"pyyaml"}  # which read_yaml wants
    pip = [program, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run([*pip, "--no-index", DIST / host().wheel_file], folder)
    run([*pip, *sorted(needed)], folder)
    commands = {"unittest": ["-m", "unittest"], "django": ["manage.py", "test"]}
    for name in names:
        run([program, *commands.get(name, ["-m", "pytest", "-q", "-p", "no:cacheprovider"])], copy(folder, name))
        want(f"examples/{name}", True)


def node(folder: Path, names: list, want: Callable) -> None:
    project = folder / "node"
    project.mkdir()
    needed = {}
    for name in names:
        manifest = json.loads((copy(project, name) / "package.json").read_text(encoding="utf-8"))
        needed |= manifest["dependencies"] | manifest["devDependencies"]
    if not _match(needed.pop("resp-server")):
        raise SystemExit(f"the examples for Node do not take resp-server {VERSION}")
    (project / "package.json").write_text(json.dumps({"private": True, "dependencies": needed}), encoding="utf-8")
    npm = ["npm", "--no-audit", "--no-fund", "--loglevel=error", "install"]
    run(npm, project)
    # Offline, so that the packages of other platforms are not looked for.
    run([*npm, "--offline", DIST / f"resp-server-{VERSION}.tgz", DIST / host().tarball], project)
    path = f"{project / 'node_modules/.bin'}{os.pathsep}{os.environ['PATH']}"
    for name in names:
        run(["npm", "test"], project / name, PATH=path)
        want(f"examples/{name}", True)


def _match(wanted: str) -> bool:
    """Whether a range such as ^0.1.0 has our version; before 1.0 the minor version is the one that breaks."""
    parts = 2 if VERSION.startswith("0.") else 1
    return wanted.removeprefix("^").split(".")[:parts] == VERSION.split(".")[:parts]


def java(folder: Path, want: Callable) -> None:
    for name in ("junit", "spring-boot"):
        project = copy(folder, name)
        with maven.installed(folder / f"{name}-repository") as (url, version):
            pom = project / "pom.xml"
            text = pom.read_text(encoding="utf-8").replace(f"<version>{VERSION}</version>", f"<version>{version}</version>")
            if version not in text:
                raise SystemExit(f"examples/{name} is for another version of resp-server")
            repository = f"<repositories><repository><id>dist</id><url>{url}</url></repository></repositories>"
            pom.write_text(text.replace("</project>", f"{repository}</project>"), encoding="utf-8")
            maven.mvn(project, "test", XDG_CACHE_HOME=str(folder / "cache"))
        want(f"examples/{name}", True)


def rust(folder: Path, want: Callable) -> None:
    patches = crates.patches(folder / "crates")
    for name in ("redis-rs", "fred"):
        run(["cargo", "test", "-q", *patches], copy(folder, name), CARGO_TARGET_DIR=str(folder / "target"))
        want(f"examples/{name}", True)


def ruby(folder: Path, want: Callable) -> None:
    """Runs the examples with the gems of the system: ruby-redis, ruby-rspec and ruby-sidekiq of Debian."""
    env = gems.install(folder / "gems")
    for name, command in {
        "minitest": ["ruby", "limiter_test.rb"], "rspec": ["rspec"], "sidekiq": ["ruby", "mail_job_test.rb"],
    }.items():
        run(command, copy(folder, name), **env)
        want(f"examples/{name}", True)


def php(folder: Path, want: Callable) -> None:
    """Runs the example with phpunit and php-predis of Debian."""
    project = copy(folder, "phpunit")
    with zipfile.ZipFile(DIST / composer.ARCHIVE) as archive:
        archive.extractall(project / "vendor/resp-server")
    (project / "vendor/autoload.php").write_text(AUTOLOAD, encoding="utf-8")
    run(["phpunit"], project, RESP_SERVER_RELEASE=DIST.as_uri(), XDG_CACHE_HOME=str(folder / "cache"))
    want("examples/phpunit", True)


AUTOLOAD = r"""<?php
require 'Predis/autoload.php';
spl_autoload_register(function (string $class): void {
    $file = __DIR__ . '/resp-server/src/' . str_replace('RespServer\\', '', $class) . '.php';
    if (is_file($file)) {
        require $file;
    }
});
require __DIR__ . '/../src/Limiter.php';
"""


def read_yaml(file: Path, folder: Path) -> dict:
    """Reads a file with the environment of the Python examples."""
    read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding='utf-8'))))"
    return json.loads(run([interpreter(folder), "-c", read, file], folder))


def compose(folder: Path, want: Callable) -> None:
    """Runs the services of the compose file that have our image, and the health check that the file has."""
    services = read_yaml(EXAMPLES / "compose/compose.yaml", folder)["services"]
    ours = {name: s for name, s in services.items() if "resp-server" in s["image"]}
    want("the compose file names this version", {s["image"].split(":")[1] for s in ours.values()} == {VERSION})
    if host().goos != "linux" or os.geteuid() != 0:
        print("its services are not run: that needs Linux and root")
        return
    root = folder / "container"
    root.mkdir()
    container = Container(Layout(DIST / IMAGE), host().name, root)
    conf = root / "usr/local/etc/redis/redis.conf"
    conf.parent.mkdir(parents=True)
    shutil.copy(EXAMPLES / "compose/redis.conf", conf)
    for name, service in ours.items():
        container.start(*interpolate(service["command"]).split())
        healthy = container.healthy()
        if "healthcheck" in service:
            kind, check = service["healthcheck"]["test"]
            healthy = healthy and kind == "CMD-SHELL" and container.run("/bin/sh", "-c", interpolate(check)) == (0, "PONG\n")
        want(f"the service {name} of examples/compose", healthy and container.stop() == 0)


def interpolate(text: str) -> str:
    """Replaces variables by their defaults, as Compose does."""
    return re.sub(r"\$\{\w+:-(.*?)\}", r"\1", text)


def workflows(folder: Path, want: Callable) -> None:
    """Checks the examples for CI services, which can't run here."""
    actionlint = folder / "actionlint"
    run(["go", "build", "-o", actionlint, "github.com/rhysd/actionlint/cmd/actionlint"], ROOT / "tools")
    github = EXAMPLES / "github-actions/.github/workflows/test.yml"
    run([actionlint, "-shellcheck=", "-pyflakes=", github], folder)
    jobs = read_yaml(github, folder)["jobs"]
    inputs = read_yaml(ROOT / "action/action.yml", folder)["inputs"]
    [step] = [s for s in jobs["action"]["steps"] if "resp-server" in s.get("uses", "")]
    want("the workflow uses the action of this version",
         step["uses"].endswith(f"/action@v{VERSION}") and set(step["with"]) <= set(inputs))
    gitlab = read_yaml(EXAMPLES / "gitlab/.gitlab-ci.yml", folder)["test"]["services"][0]
    images = {jobs["service"]["services"]["redis"]["image"], gitlab["name"]}
    want("the services have the image of this version", images == {f"ghcr.io/resp-server/resp-server:{VERSION}"})
    testcontainers = (EXAMPLES / "testcontainers/test_container.py").read_text(encoding="utf-8")
    want("so has the container", images.pop() in testcontainers)
