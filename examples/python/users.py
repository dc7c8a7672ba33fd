import redis

from resp_server import Server

with Server(args=["--acl-user", "default:secret:app:user:*"]) as server, server.client(password="secret") as r:
    r.set("user:1", "ann")
    for forbidden in (lambda: r.set("order:1", "x"), r.flushall):
        try:
            forbidden()
            raise AssertionError("the user may do more than an application needs")
        except redis.exceptions.NoPermissionError:
            pass
