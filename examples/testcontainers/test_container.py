# Needs Docker.
import pytest
from testcontainers.redis import RedisContainer


@pytest.fixture(scope="session")
def redis_client():
    with RedisContainer("ghcr.io/resp-server/resp-server:0.1.0") as container:
        yield container.get_client(decode_responses=True)


def test_counts(redis_client):
    assert redis_client.incr("visits") == 1
