import asyncio

import httpx
import pytest

from app import app
from resp_server import AsyncServer


@pytest.fixture
def client(redis_url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", redis_url)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app")


def test_notes_are_forgotten(client, resp_server):
    async def scenario():
        assert (await client.get("/notes/a")).status_code == 404
        await client.put("/notes/a", params={"text": "buy tea"})
        assert (await client.get("/notes/a")).json() == "buy tea"
        resp_server.clock.advance(3600)
        assert (await client.get("/notes/a")).status_code == 404

    asyncio.run(scenario())


def test_without_fixtures():
    async def scenario():
        async with AsyncServer() as server, server.client() as redis:
            assert await redis.incr("visits") == 1

    asyncio.run(scenario())
