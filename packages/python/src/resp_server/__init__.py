"""A Redis-compatible server for tests and development.

    from resp_server import Server

    with Server() as server:
        r = server.client()        # needs redis-py or valkey-py
        r.set("foo", "bar")

The server is a process of its own, which is ready some ten milliseconds after
Server() and gone after the block, also when this process is killed.
"""

from resp_server._binary import BinaryNotFound, find_binary
from resp_server._controls import Clock, Controls, Fault, Recording, ReplyError, StrictFinding
from resp_server._process import StartError
from resp_server._server import AsyncServer, Server
from resp_server._version import __version__

__all__ = [
    "AsyncServer",
    "BinaryNotFound",
    "Clock",
    "Controls",
    "Fault",
    "Recording",
    "ReplyError",
    "Server",
    "StartError",
    "StrictFinding",
    "__version__",
    "find_binary",
]
