from resp_server import Server

with Server() as server, server.client() as r:
    server.call("TESTING", "RECORD", "START")
    r.set("user:1", "Ann")
    r.sadd("users", 1)
    assert server.call("TESTING", "RECORD", "COUNT", "SET user:* *") == 1
    assert server.call("TESTING", "RECORD", "COUNT", "DEL ...") == 0
