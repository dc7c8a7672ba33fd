"""The test controls: what a test can do with this server and with no other.

Each is a method for a subcommand of TESTING; docs/testing.md of the server is
the guide. They need a server that was started with testing=True.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Tuple, Union
from urllib.parse import quote

from resp_server._clients import from_url
from resp_server._wire import Connection, ReplyError


def _milli(time: Union[float, datetime]) -> int:
    """A time in milliseconds since 1970."""
    return round((time.timestamp() if isinstance(time, datetime) else time) * 1000)


class Clock:
    """The server's clock. Expiry, TIME, stream ids and timeouts follow it."""

    def __init__(self, owner: "Controls"):
        self._owner = owner

    def _call(self, *words: Any) -> Any:
        return self._owner.call("TESTING", "CLOCK", *words)

    def advance(self, by: Union[float, timedelta]) -> None:
        """Move the clock forward, by seconds or a timedelta.

        Everything that becomes due has happened when this returns: keys have
        expired, blocked clients have their replies.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._call("ADVANCE", round(seconds * 1000))

    def set(self, to: Union[float, datetime]) -> None:
        """Set the clock to a time: seconds since 1970, or a datetime."""
        self._call("SET", _milli(to))

    def freeze(self) -> None:
        """Stop the clock: it moves only by advance() and set()."""
        self._call("FREEZE")

    def resume(self) -> None:
        """Let the clock run on from where it is."""
        self._call("RESUME")

    def now(self) -> datetime:
        """The server's time, in UTC."""
        return datetime.fromtimestamp(int(self._call("NOW")) / 1000, timezone.utc)


@dataclass(frozen=True)
class Fault:
    """A rule that makes something go wrong.

    The first group of fields says which commands it applies to; a field left out
    matches everything. The second group says what happens: give exactly one.
    """

    command: Optional[str] = None  # "GET", "CONFIG|SET"
    category: Optional[str] = None  # "@write"
    key: Optional[str] = None  # a glob
    client: Optional[str] = None  # a glob of the client's name or address
    user: Optional[str] = None
    space: Optional[str] = None  # the client is in it
    start: Optional[int] = None  # from the nth hit on
    every: Optional[int] = None  # every nth hit
    times: Optional[int] = None  # at most this many times
    probability: Optional[float] = None  # from 0 to 1, drawn from the server's seed
    after: Optional[Union[float, datetime]] = None  # on the server's clock: seconds since 1970, or a datetime
    before: Optional[Union[float, datetime]] = None

    error: Optional[str] = None  # "LOADING Redis is loading the dataset in memory"
    delay: Optional[float] = None  # seconds on the server's clock
    close: Optional[str] = None  # "before" or "after": after is executed, with the reply lost
    cut: Optional[int] = None  # bytes of the reply that arrive, before the connection closes
    blackhole: bool = False  # execute nothing, answer nothing
    trickle: Optional[float] = None  # seconds between the bytes of the reply
    expire: bool = False  # the key expires first
    evict: bool = False  # the key is evicted first
    refuse: bool = False  # new connections are closed
    disk: Optional[str] = None  # "enospc" or "eio": an operation that writes a file fails

    def words(self) -> List[Any]:
        """The rule as words of TESTING FAULT ADD, after its name."""
        words: List[Any] = []
        for option, value in (
            ("COMMAND", self.command),
            ("CATEGORY", self.category),
            ("KEY", self.key),
            ("CLIENT", self.client),
            ("USER", self.user),
            ("SPACE", self.space),
            ("FROM", self.start),
            ("EVERY", self.every),
            ("TIMES", self.times),
            ("PROBABILITY", self.probability),
        ):
            if value is not None:
                words += [option, value]
        for option, at in (("AFTER", self.after), ("BEFORE", self.before)):
            if at is not None:
                words += [option, _milli(at)]
        actions = self._actions()
        if len(actions) != 1:
            raise ValueError("a Fault needs exactly one of error, delay, close, cut, blackhole, trickle, expire, evict, refuse, disk")
        return [*words, "DO", *actions[0]]

    def _actions(self) -> List[List[Any]]:
        actions: List[List[Any]] = []
        if self.error is not None:
            actions.append(["ERROR", self.error])
        if self.delay is not None:
            actions.append(["DELAY", round(self.delay * 1000)])
        if self.close is not None:
            actions.append(["CLOSE", self.close.upper()])
        if self.cut is not None:
            actions.append(["CUT", self.cut])
        if self.blackhole:
            actions.append(["BLACKHOLE"])
        if self.trickle is not None:
            actions.append(["TRICKLE", round(self.trickle * 1000)])
        if self.expire:
            actions.append(["EXPIRE"])
        if self.evict:
            actions.append(["EVICT"])
        if self.refuse:
            actions.append(["REFUSE"])
        if self.disk is not None:
            actions.append([self.disk.upper()])
        return actions


@dataclass(frozen=True)
class StrictFinding:
    """A rule of strict mode that a command has broken, as it was the first time."""

    rule: str
    level: str  # "warn", or "error" if the reply was one
    command: str
    message: str
    line: str  # the command as redis-cli reads it, cut if it is long
    client: str
    count: int
    first: datetime  # on the clock of the server

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.rule}: {self.line}: {self.message}{times}"


class Recording:
    """The commands that clients sent, with the replies; see Controls.record().

    It can be read until the next recording of the server begins.
    """

    def __init__(self, owner: "Controls"):
        self._owner = owner

    def count(self, pattern: str = "...") -> int:
        """The number of commands that match a pattern: a glob for each word,
        "SET user:* *". As the last word "..." stands for any further ones."""
        return int(self._owner.call("TESTING", "RECORD", "COUNT", pattern))

    def transcript(self) -> str:
        """All of it, for a person to read."""
        return str(self._owner.call("TESTING", "RECORD", "GET"))


class Controls:
    """The test controls of a server, which Server inherits."""

    host: str
    _faults = 0

    if TYPE_CHECKING:

        @property
        def address(self) -> Tuple[str, int]: ...
        def call(self, *words: Any) -> Any: ...

    @property
    def clock(self) -> Clock:
        return Clock(self)

    def snapshot(self, name: str = "default") -> None:
        """Remember data, users, scripts, functions, settings and time."""
        self.call("TESTING", "SNAPSHOT", name)

    def restore(self, name: str = "default") -> None:
        """Go back to a snapshot."""
        self.call("TESTING", "RESTORE", name)

    def reset(self) -> None:
        """Make the server as it was after its start."""
        self.call("TESTING", "RESET")

    @contextmanager
    def fork(self) -> Iterator["Remote"]:
        """Yield an independent server with the same data, made without a copy.

        It lives in the process of this one and ends with the block.
        """
        connection = Connection(self.address)
        try:
            address = connection.call("TESTING", "FORK")
            host, _, port = address.rpartition(":")
            with Remote(host, int(port)) as fork:
                yield fork
            connection.call("TESTING", "CLOSE", address)
        finally:
            connection.close()

    def space_url(self, name: str) -> str:
        """The URL of a private server behind this port.

        Clients that connect with it have their own data, time, users and faults.
        The space begins as a fork of this server. It needs the directive
        "spaces yes".
        """
        host, port = self.address
        host = f"[{host}]" if ":" in host else host
        return f"redis://{quote('space:' + name, safe='')}:x@{host}:{port}/0"

    @contextmanager
    def inject(self, fault: Fault) -> Iterator[None]:
        """Inject a fault for the duration of a with block."""
        Controls._faults += 1
        name = f"python-{os.getpid()}-{Controls._faults}"
        self.call("TESTING", "FAULT", "ADD", name, *fault.words())
        try:
            yield
        finally:
            self.call("TESTING", "FAULT", "DEL", name)

    def strict(self, *rules: str) -> None:
        """Set rules of strict mode, which finds what works in tests but fails in
        production: strict("all warn", "large-reads error 100")."""
        for rule in rules:
            self.call("TESTING", "STRICT", "SET", *rule.split())

    def strict_report(self) -> List[StrictFinding]:
        """What strict mode has found since the start or reset_strict()."""
        report = []
        for flat in self.call("TESTING", "STRICT", "REPORT"):
            found = dict(zip(flat[::2], flat[1::2]))
            first = datetime.fromtimestamp(found["first"] / 1000, timezone.utc)
            names = ("rule", "level", "command", "message", "line", "client", "count")
            report.append(StrictFinding(**{name: found[name] for name in names}, first=first))
        return report

    def reset_strict(self) -> None:
        """Forget what strict mode has found. The rules stay."""
        self.call("TESTING", "STRICT", "RESET")

    def check_strict(self) -> None:
        """Raise an AssertionError if strict mode has warned since the start or
        the last reset. A test that expects warnings calls reset_strict()."""
        warnings = [str(found) for found in self.strict_report() if found.level == "warn"]
        if warnings:
            raise AssertionError("strict mode warns of what the test has done:\n  " + "\n  ".join(warnings))

    @contextmanager
    def record(self, *, scripts: bool = False, spaces: bool = False) -> Iterator["Recording"]:
        """Record commands and replies of clients for the duration of a with block.

        scripts: also what scripts and functions call.
        spaces: also what clients in the spaces of the server do.
        """
        options = ["SCRIPTS"] * scripts + ["SPACES"] * spaces
        self.call("TESTING", "RECORD", "START", *options)
        try:
            yield Recording(self)
        finally:
            self.call("TESTING", "RECORD", "STOP")

    def load(self, fixture: Union[str, "os.PathLike[str]"]) -> None:
        """Load a fixture: a file (.rdb, .json, or commands as redis-cli reads
        them), or such a text itself."""
        path = Path(fixture) if isinstance(fixture, os.PathLike) or "\n" not in fixture else None
        data = path.read_bytes() if path is not None and path.is_file() else str(fixture)
        self.call("TESTING", "LOAD", data)

    def dump(self) -> str:
        """All data as a stable, readable text."""
        return str(self.call("TESTING", "DUMP"))


class Remote(Controls):
    """A server that this process did not start, such as a fork."""

    def __init__(self, host: str, port: int):
        self.host = host
        self.port = port
        self._connection: Optional[Connection] = None

    @property
    def address(self) -> Tuple[str, int]:
        return self.host, self.port

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def client(self, **options: Any) -> Any:
        """Return a client of redis-py or valkey-py, whichever is installed."""
        return from_url("Redis", "Valkey")(self.url, **options)

    def call(self, *words: Any) -> Any:
        if self._connection is None:
            self._connection = Connection(self.address)
        return self._connection.call(*words)

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *unused: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


__all__ = ["Clock", "Controls", "Fault", "Recording", "Remote", "ReplyError", "StrictFinding"]
