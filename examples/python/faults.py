import redis

from resp_server import Fault, Server

with Server() as server, server.client() as r:
    with server.inject(Fault(category="@write", close="after", times=1)):
        try:
            r.incr("visits")  # which redis-py sends again by itself, if it is an old one
        except redis.ConnectionError:  # was it counted?
            r.incr("visits")
    assert int(r.get("visits")) == 2

    with server.inject(Fault(command="GET", key="user:*", error="LOADING Redis is loading the dataset in memory")):
        try:
            r.get("user:1")
            raise AssertionError("no error")
        except redis.exceptions.BusyLoadingError:
            pass
