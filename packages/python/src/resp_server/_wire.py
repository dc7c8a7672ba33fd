"""A connection that speaks RESP, for the test controls: no client is needed."""

import socket
from typing import Any, List, Tuple, Union


class ReplyError(Exception):
    """An error that the server replied."""


class Connection:
    """A connection to a server. Use it from one thread at a time."""

    def __init__(self, address: Union[str, Tuple[str, int]], timeout: float = 10.0):
        if isinstance(address, str):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(timeout)
            self._socket.connect(address)
        else:
            self._socket = socket.create_connection(address, timeout)
        self._reader = self._socket.makefile("rb")

    def call(self, *words: Any) -> Any:
        """Send a command and return its reply; text is decoded as UTF-8 where
        it can be."""
        request: List[bytes] = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            request.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self._socket.sendall(b"".join(request))
        reply = self._read()
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def _read(self) -> Any:
        line = self._reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return ReplyError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            n = int(rest)
            return None if n < 0 else _text(self._reader.read(n + 2)[:-2])
        if kind == b"*":
            n = int(rest)
            return None if n < 0 else [self._read() for _ in range(n)]
        raise ConnectionError(f"unexpected reply {line!r}")


def _text(data: bytes) -> Union[str, bytes]:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
