"""Fixtures for pytest. Installing the package is enough to have them.

resp_server   the server of the test session, one a pytest-xdist worker
redis_url     the URL of that server, emptied before the test
redis_client  a client of redis-py or valkey-py on it

Settings in pytest.ini: resp_server_conf names a redis.conf, resp_server_load
lists fixture files that every test begins with, and resp_server_strict rules of
strict mode, one a line: what they warn of fails the test that has done it.
"""

from typing import Any, Iterator

import pytest

from resp_server import Server


def pytest_addoption(parser: "pytest.Parser") -> None:
    parser.addini("resp_server_conf", "a redis.conf for the server of the session", default="")
    parser.addini("resp_server_strict", "rules of strict mode, such as 'all warn'", type="linelist", default=[])
    parser.addini("resp_server_load", "fixture files for the server of the session", type="paths", default=[])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: "pytest.Item") -> Iterator[None]:
    """Show the log of the server below a failure, as pytest shows output."""
    outcome: Any = yield
    report = outcome.get_result()
    server = getattr(item, "funcargs", {}).get("resp_server")
    if report.failed and isinstance(server, Server):
        report.sections.append(("Captured resp-server log", server.log()))


@pytest.fixture(scope="session")
def resp_server(request: "pytest.FixtureRequest") -> Iterator[Server]:
    """The server of the session. What a test does to it stays, unless the test
    also uses redis_url or redis_client."""
    config = request.config
    conf = config.getini("resp_server_conf")
    with Server(
        conf_file=config.rootpath / conf if conf else None,
        load=config.getini("resp_server_load"),
        strict=config.getini("resp_server_strict"),
    ) as server:
        server.snapshot("pytest")
        yield server


@pytest.fixture
def redis_url(request: "pytest.FixtureRequest", resp_server: Server) -> Iterator[str]:
    """The URL of the session's server, which is as it was at its start: data,
    users, settings, faults and time."""
    resp_server.restore("pytest")
    yield resp_server.url
    if request.config.getini("resp_server_strict") and resp_server.running:
        try:
            resp_server.check_strict()
        except AssertionError as warning:
            pytest.fail(str(warning), pytrace=False)


@pytest.fixture
def redis_client(redis_url: str, resp_server: Server) -> Iterator[Any]:
    """A client on redis_url; it decodes replies to str."""
    client = resp_server.client(decode_responses=True)
    yield client
    client.close()
