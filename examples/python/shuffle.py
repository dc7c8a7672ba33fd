from resp_server import Server

with Server(args=["--shuffle"]) as server, server.client(decode_responses=True) as r:
    r.sadd("users", "ann", "ben", "cid", "dan")
    assert sorted(r.smembers("users")) == ["ann", "ben", "cid", "dan"]
    print("TESTING SEED:", server.call("TESTING", "SEED"))
