"""Starts the server as a process and ends it."""

import json
import os
import subprocess
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from resp_server._binary import find_binary
from resp_server._wire import Connection, ReplyError

# Windows has no signal that lets a program save its data, and its processes
# inherit no file descriptors.
WINDOWS = os.name == "nt"

# What the server says about itself when it is ready; None if it ended before.
Ready = Optional[Dict[str, Any]]


class StartError(RuntimeError):
    """The server did not start. The message ends with what it logged."""


class Process:
    """One server process.

    It ends with stop(), with this object, or with this Python process,
    whichever comes first.
    """

    def __init__(self, args: Sequence[str], host: str, timeout: float):
        folder = tempfile.TemporaryDirectory(prefix="resp-server-")
        self._log = Path(folder.name, "log")
        command = [find_binary(), *args, "--exit-with-parent"]
        start = _start_with_file if WINDOWS else _start_with_pipe
        begin = time.monotonic()
        with open(self._log, "ab") as log:
            popen, ready = start(command, log, timeout, Path(folder.name))
        if ready is None:
            why = f"exit code {popen.wait()}"
            if time.monotonic() - begin > timeout:
                why = f"not ready within {timeout:g} seconds"
            text = self.log()
            folder.cleanup()
            raise StartError(f"resp-server did not start: {why}\n{text}".rstrip())
        self._popen = popen
        # A server that nobody stops ends when its owner is collected.
        self._end = weakref.finalize(self, _end, popen, (host, ready["port"]), folder)
        self.addr: str = ready["addr"]
        self.port: int = ready["port"]
        self.tls_addr: str = ready.get("tls_addr", "")
        self.pid: int = ready["pid"]
        self.unixsocket: str = ready["unixsocket"]

    def running(self) -> bool:
        return self._popen.poll() is None

    def wait(self) -> int:
        """Wait until the process ends, and return its exit code."""
        return int(self._popen.wait())

    def stop(self) -> None:
        self._end()

    def log(self) -> str:
        """Return what the server has logged so far; "" after stop()."""
        try:
            return self._log.read_text(errors="replace")
        except FileNotFoundError:
            return ""


def _end(
    popen: "subprocess.Popen[bytes]", address: Tuple[str, int], folder: "tempfile.TemporaryDirectory[str]"
) -> None:
    if popen.poll() is None:
        if not (WINDOWS and _shut_down(address)):
            popen.terminate()
        try:
            popen.wait(10)  # it may save a snapshot
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
    folder.cleanup()


def _shut_down(address: Tuple[str, int]) -> bool:
    """Ask a server to end. Return False if it does not: it may want a password."""
    try:
        connection = Connection(address)
        try:
            connection.call("SHUTDOWN")
        finally:
            connection.close()
    except ConnectionError:
        return True  # there is no other reply to it
    except (OSError, ReplyError):
        pass
    return False


def _launch(command: List[str], log: Any, **options: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        # Ctrl-C in a terminal is for this process, not for the server.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        **options,
    )


def _start_with_pipe(
    command: List[str], log: Any, timeout: float, folder: Path
) -> Tuple["subprocess.Popen[bytes]", Ready]:
    out, fd = os.pipe()
    with os.fdopen(out, "rb") as ready:
        try:
            popen = _launch([*command, "--ready-file", str(fd)], log, pass_fds=[fd])
        finally:
            os.close(fd)
        late = threading.Timer(timeout, popen.kill)
        late.start()
        line = ready.readline()
        late.cancel()
    return popen, _parse(line)


def _start_with_file(
    command: List[str], log: Any, timeout: float, folder: Path
) -> Tuple["subprocess.Popen[bytes]", Ready]:
    path = folder / "ready.json"
    popen = _launch([*command, "--ready-file", str(path)], log)
    deadline = time.monotonic() + timeout
    while not path.exists():
        if popen.poll() is not None:
            return popen, None
        if time.monotonic() > deadline:
            popen.kill()
            return popen, None
        time.sleep(0.002)
    return popen, _parse(path.read_bytes())


def _parse(line: bytes) -> Ready:
    return dict(json.loads(line)) if line else None
