"""Finds the server's binary."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Iterator, Union


class BinaryNotFound(FileNotFoundError):
    """The resp-server binary is nowhere to be found."""


def find_binary() -> str:
    """Return the path of the resp-server binary.

    RESP_SERVER_BINARY wins if it is set. Then come the places where pip puts
    scripts (the environment, --user, --target, --prefix), and last the PATH.
    """
    chosen = os.environ.get("RESP_SERVER_BINARY")
    if chosen:
        if not Path(chosen).is_file():
            raise BinaryNotFound(f"RESP_SERVER_BINARY names {chosen}, which is no file")
        return chosen
    name = "resp-server.exe" if os.name == "nt" else "resp-server"
    for folder in _folders():
        path = Path(folder, name)
        if path.is_file() and _is_binary(path):
            return str(path)
    on_path = shutil.which(name)
    if on_path and _is_binary(Path(on_path)):
        return on_path
    raise BinaryNotFound(
        "the resp-server binary is not installed: "
        "install the wheel (pip install resp-server), or set RESP_SERVER_BINARY to a binary"
    )


def _folders() -> Iterator[Union[str, Path]]:
    yield sysconfig.get_path("scripts")
    yield Path(sys.prefix, "Scripts" if os.name == "nt" else "bin")
    user = sysconfig.get_preferred_scheme("user") if sys.version_info >= (3, 10) else f"{os.name}_user"
    yield sysconfig.get_path("scripts", scheme=user)
    yield Path(__file__).resolve().parent.parent / "bin"  # pip install --target


def _is_binary(path: Path) -> bool:
    """Other projects may own a script of this name: a binary has no #! line."""
    with open(path, "rb") as f:
        return f.read(2) != b"#!"
