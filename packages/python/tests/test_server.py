import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import redis
import valkey

from resp_server import AsyncServer, BinaryNotFound, ReplyError, Server, StartError, find_binary
from resp_server.core.server import Server as BlockingServer


def test_context_manager():
    with Server() as server:
        assert server.running
        assert server.port > 0
        assert server.url == f"redis://127.0.0.1:{server.port}/0"
        r = server.client(decode_responses=True)
        r.set("foo", "bar")
        assert r.get("foo") == "bar"
    assert not server.running
    with pytest.raises(redis.ConnectionError):
        r.ping()


def test_both_clients():
    with Server() as server:
        redis.Redis.from_url(server.url).set("k", "v")
        assert valkey.Valkey.from_url(server.url).get("k") == b"v"


def test_several_at_once():
    with Server() as one, Server() as two:
        one.call("SET", "k", "1")
        assert two.call("GET", "k") is None
        assert one.port != two.port


def test_start_is_fast():
    begin = time.monotonic()
    with Server():
        assert time.monotonic() - begin < 5  # tens of milliseconds on an idle machine


def test_call_without_a_client_library():
    with Server() as server:
        assert server.call("SET", "k", b"\x00\xff") == "OK"
        assert server.call("GET", "k") == b"\x00\xff"
        assert server.call("LRANGE", "none", 0, -1) == []
        with pytest.raises(ReplyError, match="WRONGTYPE"):
            server.call("LPUSH", "k", "x")


def test_settings():
    with Server(config={"maxmemory": "100mb", "save": "900 1 300 10", "appendonly": False}, host="127.0.0.1") as server:
        assert server.call("CONFIG", "GET", "maxmemory") == ["maxmemory", "104857600"]
        assert server.call("CONFIG", "GET", "save") == ["save", "900 1 300 10"]


def test_a_bad_setting_says_what_is_wrong():
    with pytest.raises(StartError, match="maxclients"):
        Server(config={"maxclients": "many"}).start()


def test_a_port_that_is_taken():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        with pytest.raises(StartError, match="did not start: exit code 1\n(.*\n)*.*in use"):
            Server(port=s.getsockname()[1]).start()


def test_not_started():
    with pytest.raises(RuntimeError, match="has not been started"):
        Server().port


def test_stop_twice_and_start_again():
    server = Server()
    server.stop()
    server.start()
    server.stop()
    server.stop()
    with server:
        assert server.call("PING") == "PONG"


def test_log():
    server = Server().start()
    assert "Ready to accept connections" in server.log()
    server.stop()
    assert "Ready to accept connections" in server.log()


@pytest.mark.skipif(os.name == "nt", reason="no Unix sockets on Windows")
def test_unix_socket(tmp_path):
    path = str(tmp_path / "s")
    with Server(unixsocket=path):
        assert redis.Redis(unix_socket_path=path).ping()


def test_files_are_kept_in_a_dir(tmp_path):
    with Server(config={"dir": str(tmp_path)}) as server:
        server.call("SET", "k", "v")
        server.call("SAVE")
    with Server(config={"dir": str(tmp_path)}) as server:
        assert server.call("GET", "k") == "v"


def test_the_last_save_on_windows(tmp_path, monkeypatch):
    # There terminate() is kill(), and the server has no pipe.
    monkeypatch.setattr("resp_server._process.WINDOWS", True)
    monkeypatch.setattr(subprocess.Popen, "terminate", subprocess.Popen.kill)
    with Server(config={"dir": str(tmp_path), "save": "3600 1"}) as server:
        server.call("SET", "k", "v")
    with Server(config={"dir": str(tmp_path), "requirepass": "secret"}) as server:
        with pytest.raises(ReplyError, match="NOAUTH"):
            server.call("PING")
    assert not server.running  # all the same
    with Server(config={"dir": str(tmp_path)}) as server:
        assert server.call("GET", "k") == "v"


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_the_interrupt_of_a_terminal_is_not_for_the_server():
    with Server() as server:
        assert os.getpgid(server.pid) != os.getpgid(0)


def test_no_files_without_a_dir(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Server() as server:
        server.call("SET", "k", "v")
    assert list(tmp_path.iterdir()) == []


def test_the_server_ends_with_a_killed_parent():
    code = "from resp_server import Server; import sys; s = Server().start(); print(s.port, flush=True); sys.stdin.read()"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = int(parent.stdout.readline())
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(20)
    connection.sendall(b"PING\r\n")
    assert connection.recv(7) == b"+PONG\r\n"  # now it is accepted, so that its end is no reset
    parent.kill()
    assert connection.recv(1) == b""  # closed by the end of the server
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()


def test_start_blocks_until_stop():
    server = BlockingServer(port=0)
    thread = threading.Thread(target=server.start, daemon=True)
    thread.start()
    assert redis.Redis(port=server.port).ping()
    server.stop()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.asyncio
async def test_asyncio():
    async with AsyncServer() as server:
        r = server.client(decode_responses=True)
        await r.set("foo", "bar")
        assert await r.get("foo") == "bar"
        await r.aclose()
        assert await server.call("PING") == "PONG"


def test_no_binary(monkeypatch):
    monkeypatch.setenv("RESP_SERVER_BINARY", "/does/not/exist")
    with pytest.raises(BinaryNotFound, match="/does/not/exist"):
        Server().start()


def test_module_runs_the_binary():
    out = subprocess.run([sys.executable, "-m", "resp_server.main", "--version"], capture_output=True, text=True, check=True)
    assert "Redis server v=" in out.stdout
    assert os.path.isfile(find_binary())


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_module_passes_signals():
    p = subprocess.Popen([sys.executable, "-m", "resp_server", "--port", "0", "--ready-file", "1"], stdout=subprocess.PIPE)
    p.stdout.readline()
    p.send_signal(signal.SIGTERM)
    assert p.wait(20) == 0
    p.stdout.close()
