from resp_server import Server

with Server() as server, server.client(decode_responses=True) as r:
    r.hset("user:1", "name", "ann")  # once, however long it takes
    for name in ["ben", "cid", "dan"]:
        with server.fork() as fork, fork.client(decode_responses=True) as own:
            assert own.hget("user:1", "name") == "ann"
            own.hset("user:1", "name", name)
    assert r.hget("user:1", "name") == "ann"

    server.snapshot("fixture")
    r.flushall()
    server.restore("fixture")
    assert r.exists("user:1")
