import threading
from datetime import datetime, timedelta, timezone

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from resp_server import Fault, ReplyError, Server
from resp_server._wire import Connection


@pytest.fixture
def server():
    with Server(config={"spaces": True}) as server:
        yield server


@pytest.fixture
def r(server):
    with server.client(decode_responses=True) as client:
        yield client


def test_clock(server, r):
    r.set("session", "x", ex=3600)
    server.clock.freeze()
    server.clock.advance(timedelta(minutes=59))
    assert r.get("session") == "x"
    server.clock.advance(60)
    assert r.get("session") is None
    server.clock.set(datetime(2040, 2, 29, tzinfo=timezone.utc))
    assert server.clock.now() == datetime(2040, 2, 29, tzinfo=timezone.utc)
    assert r.time()[0] == int(datetime(2040, 2, 29, tzinfo=timezone.utc).timestamp())
    server.clock.resume()


def test_clock_wakes_blocked_clients(server, r):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(r.blpop("queue", 3600)))
    thread.start()
    while "cmd=blpop" not in server.call("CLIENT", "LIST"):
        pass
    server.clock.advance(3600)
    thread.join(20)
    assert answers == [None]


def test_snapshot_and_reset(server, r):
    r.set("k", "before")
    server.snapshot("fixture")
    r.set("k", "after")
    server.restore("fixture")
    assert r.get("k") == "before"
    server.reset()
    assert r.dbsize() == 0


def test_strict(server, r):
    server.strict("all warn", "large-values error 10")
    server.clock.freeze()
    r.mset({"a": 1, "b": 2})
    r.mset({"a": 1, "b": 2})
    with pytest.raises(redis.ResponseError, match="STRICT large-values"):
        r.set("k", "x" * 11)
    found, refused = server.strict_report()
    assert str(found) == 'cross-slot: MSET a 1 b 2: "a" is in hash slot 15495, "b" in 3300 (2 times)'
    assert (found.command, found.level, found.count) == ("mset", "warn", 2)
    assert found.first == server.clock.now()
    assert (refused.rule, refused.level) == ("large-values", "error")
    server.reset_strict()
    assert server.strict_report() == []
    server.strict("all off")
    with pytest.raises(ReplyError):
        server.strict("nothing warn")


def test_fork(server, r):
    r.set("k", "shared")
    with server.fork() as fork:
        f = fork.client(decode_responses=True)
        assert f.get("k") == "shared"
        f.set("k", "changed")
        assert r.get("k") == "shared"
    with pytest.raises(redis.ConnectionError):
        f.ping()


def test_space(server, r):
    r.set("k", "shared")
    one = redis.Redis.from_url(server.space_url("w1"), decode_responses=True)
    two = redis.Redis.from_url(server.space_url("w2"), decode_responses=True)
    assert one.get("k") == "shared"
    one.flushall()
    assert two.get("k") == "shared"
    assert r.get("k") == "shared"


def test_error(server, r):
    with server.inject(Fault(command="GET", key="user:*", error="LOADING Redis is loading the dataset in memory")):
        with pytest.raises(redis.exceptions.BusyLoadingError):
            redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0)).get("user:1")
        assert r.get("other") is None
    assert r.get("user:1") is None


def test_executed_but_the_reply_is_lost(server):
    with server.inject(Fault(command="INCR", close="after", times=1)):
        with pytest.raises(ConnectionError):
            Connection(server.address).call("INCR", "counter")
        assert Connection(server.address).call("INCR", "counter") == 2  # a retry counts twice


def test_faults_of_connections_and_files(tmp_path):
    with Server(config={"dir": str(tmp_path), "appendonly": True}) as server, server.client() as r:
        with server.inject(Fault(disk="enospc", times=1)):
            with pytest.raises(ReplyError, match="No space left|no space left"):
                server.call("SAVE")
        server.call("SAVE")
        with server.inject(Fault(disk="eio")):
            r.set("k", 1)
            with pytest.raises(redis.ResponseError, match="MISCONF Errors writing to the AOF file: Input/output error"):
                r.set("k", 2)
        assert r.set("k", 2)
        later = server.clock.now() + timedelta(hours=1)
        with server.inject(Fault(refuse=True, after=later)):
            with server.client() as other:
                assert other.ping()
            server.clock.set(later)
            with server.client() as other, pytest.raises(redis.ConnectionError):
                other.ping()


def test_a_fault_does_one_thing():
    with pytest.raises(ValueError):
        Fault(command="GET").words()
    with pytest.raises(ValueError):
        Fault(command="GET", error="ERR x", delay=1).words()


def test_record(server, r):
    with server.record() as recording:
        r.set("user:1", "ann")
        r.get("user:1")
    r.get("user:2")
    assert recording.count("SET user:* *") == 1
    assert recording.count("GET user:*") == 1
    assert recording.count() >= 2  # redis-py says more when it connects
    assert '> GET user:1\n"ann"\n' in recording.transcript()


def test_fixtures(server, r, tmp_path):
    file = tmp_path / "seed.redis"
    file.write_text("SET user:1 ann\nRPUSH queue a b\n")
    server.load(file)
    assert r.get("user:1") == "ann"
    assert r.lrange("queue", 0, -1) == ["a", "b"]
    assert "user:1" in server.dump()
