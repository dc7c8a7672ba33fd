import redis

from resp_server import Server

with Server(config={"spaces": True}) as server:
    first = redis.Redis.from_url(server.space_url("worker-1"))
    second = redis.Redis.from_url(server.space_url("worker-2"))
    first.set("k", "v")
    assert second.get("k") is None
    second.flushall()
    assert first.get("k") == b"v"
