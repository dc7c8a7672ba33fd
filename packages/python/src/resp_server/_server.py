"""A server as a context manager, for threads and for asyncio."""

import asyncio
import os
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from resp_server._clients import from_url
from resp_server._controls import Controls
from resp_server._process import Process
from resp_server._wire import Connection

Value = Union[str, int, bool]


class Server(Controls):
    """A server process.

    port: 0, the default, picks a free one; see Server.port.
    host: the address to listen on, the loopback interface by default.
    unixsocket: the path of a Unix socket to listen on as well.
    config: directives of redis.conf, such as {"maxmemory": "100mb"}.
    conf_file: a redis.conf to read first.
    load: files with fixtures, loaded in their order; see TESTING LOAD.
    strict: rules of strict mode, such as ["all warn"]; see check_strict().
    args: more arguments for the binary, as they are.
    testing: True, the default, allows the test controls (see Controls).
    timeout: how many seconds a start may take.

    Use it in a with block, or call start() and stop(). Several servers can run
    at once. No files are written unless config has a "dir".
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        unixsocket: Optional[str] = None,
        config: Optional[Mapping[str, Value]] = None,
        conf_file: Optional[Union[str, "os.PathLike[str]"]] = None,
        load: Iterable[Union[str, "os.PathLike[str]"]] = (),
        strict: Iterable[str] = (),
        args: Sequence[str] = (),
        testing: bool = True,
        timeout: float = 10.0,
    ):
        self.host = host
        self._timeout = timeout
        self._process: Optional[Process] = None
        self._control: Optional[Connection] = None
        self._log = ""
        self._args: List[str] = [os.fspath(conf_file)] if conf_file else []
        self._args += ["--port", str(port), "--bind", host]
        if not (config and "dir" in config) and not conf_file:
            self._args += ["--dir", "", "--save", ""]
        if unixsocket:
            self._args += ["--unixsocket", unixsocket]
        for name, value in (config or {}).items():
            self._args += ["--" + name, *_words(value)]
        for file in load:
            self._args += ["--load", os.fspath(file)]
        for rule in strict:
            self._args += ["--strict", rule]
        if testing:
            self._args.append("--testing")
        self._args += args

    def start(self) -> "Server":
        """Start the server and return when it accepts connections."""
        if self.running:
            raise RuntimeError("the server runs already")
        self._process = Process(self._args, self.host, self._timeout)
        return self

    def stop(self) -> None:
        """Stop the server, if it runs."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._log = self._process.log()
            self._process.stop()
            self._process = None

    def __enter__(self) -> "Server":
        return self if self.running else self.start()

    def __exit__(self, *unused: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running()

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._started().port

    @property
    def tls_port(self) -> Optional[int]:
        """The port for TLS, None without it: see --tls-auto, tls-port."""
        port = self._started().tls_addr.rpartition(":")[2]
        return int(port) if port else None

    @property
    def address(self) -> Tuple[str, int]:
        """Host and port, as sockets take them."""
        return self.host, self.port

    @property
    def url(self) -> str:
        """What clients connect to: redis://127.0.0.1:34567/0."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis://{host}:{self.port}/0"

    @property
    def pid(self) -> int:
        return self._started().pid

    def log(self) -> str:
        """What the server has logged."""
        return self._process.log() if self._process is not None else self._log

    def client(self, **options: Any) -> Any:
        """Return a client of redis-py or valkey-py, whichever is installed.

        options go to its from_url, such as decode_responses=True.
        """
        return from_url("Redis", "Valkey")(self.url, **options)

    def call(self, *words: Any) -> Any:
        """Run one command on a connection that this object owns, and return the
        reply as strings, integers, lists and None."""
        if self._control is None:
            self._control = Connection((self.host, self.port))
        return self._control.call(*words)

    def _started(self) -> Process:
        if self._process is None:
            raise RuntimeError("the server has not been started: use it in a with block, or call start()")
        return self._process


class AsyncServer:
    """Server for asyncio: `async with AsyncServer() as server`.

    It takes the arguments of Server. client() returns a client of
    redis.asyncio or valkey.asyncio; sync is the Server, with its test controls.
    """

    def __init__(self, **options: Any):
        self.sync = Server(**options)

    async def start(self) -> "AsyncServer":
        await asyncio.get_running_loop().run_in_executor(None, self.sync.start)
        return self

    async def stop(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.sync.stop)

    async def __aenter__(self) -> "AsyncServer":
        return await self.start()

    async def __aexit__(self, *unused: object) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        return self.sync.port

    @property
    def url(self) -> str:
        return self.sync.url

    def client(self, **options: Any) -> Any:
        return from_url("asyncio.Redis", "asyncio.Valkey")(self.url, **options)

    async def call(self, *words: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, lambda: self.sync.call(*words))


def _words(value: Value) -> List[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return str(value).split() or [""]
