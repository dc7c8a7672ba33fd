"""Runs container images without an engine: what packages/test needs of one, with the namespaces of Linux."""

import fcntl
import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


class Layout:
    """An OCI layout in a tar file. Everything that is read has the digest and the size by which it is known."""

    def __init__(self, file: Path):
        with tarfile.open(file) as tar:
            self.files = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}
        if json.loads(self.files["oci-layout"]) != {"imageLayoutVersion": "1.0.0"}:
            raise SystemExit(f"{file.name} is no OCI layout")
        [self.tag] = json.loads(self.files["index.json"])["manifests"]
        self.manifests = {}  # by platform: "linux/amd64"
        for entry in json.loads(self.blob(self.tag))["manifests"]:
            platform = entry["platform"]
            self.manifests[f"{platform['os']}/{platform['architecture']}"] = json.loads(self.blob(entry))

    def blob(self, descriptor: dict) -> bytes:
        algorithm, digest = descriptor["digest"].split(":")
        data = self.files[f"blobs/{algorithm}/{digest}"]
        if len(data) != descriptor["size"] or hashlib.new(algorithm, data).hexdigest() != digest:
            raise SystemExit(f"the blob {digest} is not what its name says")
        return data

    def config(self, platform: str) -> dict:
        return json.loads(self.blob(self.manifests[platform]["config"]))

    def layers(self, platform: str) -> list:
        """The layers as tar files, which have to be what the configuration says."""
        plain = [gzip.decompress(self.blob(d)) for d in self.manifests[platform]["layers"]]
        if ["sha256:" + hashlib.sha256(p).hexdigest() for p in plain] != self.config(platform)["rootfs"]["diff_ids"]:
            raise SystemExit("the layers are not those of the configuration")
        return [tarfile.open(fileobj=io.BytesIO(p)) for p in plain]

    def files_of(self, platform: str) -> dict:
        return {m.name: layer.extractfile(m).read() for layer in self.layers(platform) for m in layer if m.isfile()}


class Container:
    """An image with a file system of its own. It needs root, as the engines do."""

    def __init__(self, layout: Layout, platform: str, folder: Path):
        self.root = folder
        self.config = layout.config(platform)["config"]
        for layer in layout.layers(platform):
            layer.extractall(folder, numeric_owner=True, filter="fully_trusted")
        (folder / "proc").mkdir()
        self.user, self.group = self.config["User"].split(":")
        self.process = None

    def start(self, *command: str, entrypoint: list = None) -> None:
        """Runs a command as PID 1 and waits for the line that Testcontainers waits for."""
        words = [*(entrypoint or self.config["Entrypoint"]), *(command or self.config["Cmd"])]
        if "/" not in words[0]:
            words[0] = next(f"{d}/{words[0]}" for d in self.path() if (self.root / d[1:] / words[0]).exists())
        options = ["--pid", "--fork", "--kill-child", "--net", "--mount", "--mount-proc", f"--root={self.root}",
                   f"--wd={self.config['WorkingDir']}", f"--setuid={self.user}", f"--setgid={self.group}"]
        self.process = subprocess.Popen(
            [shutil.which("unshare"), *options, *words], env=self.env(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        log = ""
        while "* Ready to accept connections" not in log:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"{log}\n{words} does not start")
            log += line
        self.log = log
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.pid = int(children.read_text(encoding="ascii"))
        self.status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        subprocess.run(self.nsenter("--net", sys.executable, __file__), check=True)

    def env(self) -> dict:
        return dict(v.split("=", 1) for v in self.config["Env"])

    def path(self) -> list:
        return self.env()["PATH"].split(":")

    def nsenter(self, *words: str) -> list:
        return [shutil.which("nsenter"), f"--target={self.pid}", *words]

    def run(self, *words: str) -> tuple:
        """Runs one more command in the container, as exec does; returns the exit code and the output."""
        done = subprocess.run(
            self.nsenter("--pid", "--mount", "--net", "--root", "--wd", f"--setuid={self.user}", f"--setgid={self.group}",
                         *words), env=self.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def healthy(self) -> bool:
        kind, *words = self.config["Healthcheck"]["Test"]
        return kind == "CMD" and self.run(*words)[0] == 0

    def stop(self) -> int:
        """Ends PID 1 with the signal of the image, and returns its exit code."""
        number = getattr(signal, self.config["StopSignal"])
        os.kill(self.pid, number)
        self.process.stdout.read()
        return self.process.wait()


def loopback() -> None:
    """Turns on the loopback interface of a network namespace, as engines do."""
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


if __name__ == "__main__":
    loopback()
