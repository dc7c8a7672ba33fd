from datetime import timedelta

from resp_server import Server

with Server() as server, server.client() as r:
    r.set("session", "ann", ex=3600)
    server.clock.advance(timedelta(hours=1))
    assert r.get("session") is None
