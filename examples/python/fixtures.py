from resp_server import Server

with Server() as server, server.client(decode_responses=True) as r:
    server.load('{"databases": {"0": {"queue": {"type": "list", "value": ["first"]}}}}\n')
    server.load("RPUSH queue second\nSET stock 12\n")
    assert r.lrange("queue", 0, -1) == ["first", "second"]
    assert server.dump() == "RPUSH queue first\nRPUSH queue second\nSET stock 12\n"
