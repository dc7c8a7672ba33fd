"""Fixtures for pytest. Installing the package is enough to have them.

resp_server   the server of the test session, one a pytest-xdist worker
redis_url     the URL of that server, emptied before the test
redis_client  a client of redis-py or valkey-py on it

Settings in pytest.ini: resp_server_conf names a redis.conf, resp_server_load
lists fixture files that every test begins with.
"""

from typing import Any, Iterator

import pytest

from resp_server import Server


def pytest_addoption(parser: "pytest.Parser") -> None:
    parser.addini("resp_server_conf", "a redis.conf for the server of the session", default="")
    parser.addini("resp_server_load", "fixture files for the server of the session", type="paths", default=[])


@pytest.fixture(scope="session")
def resp_server(request: "pytest.FixtureRequest") -> Iterator[Server]:
    """The server of the session. What a test does to it stays, unless the test
    also uses redis_url or redis_client."""
    config = request.config
    conf = config.getini("resp_server_conf")
    with Server(
        conf_file=config.rootpath / conf if conf else None,
        load=config.getini("resp_server_load"),
    ) as server:
        server.snapshot("pytest")
        yield server


@pytest.fixture
def redis_url(resp_server: Server) -> str:
    """The URL of the session's server, which is as it was at its start: data,
    users, settings, faults and time."""
    resp_server.restore("pytest")
    return resp_server.url


@pytest.fixture
def redis_client(redis_url: str, resp_server: Server) -> Iterator[Any]:
    """A client on redis_url; it decodes replies to str."""
    client = resp_server.client(decode_responses=True)
    yield client
    client.close()
