from resp_server import Server

with Server() as server, server.client() as r:
    server.strict("all warn", "missing-ttl warn session:*")
    r.set("session:1", "ann", ex=3600)
    r.mset({"{user:1}:name": "Ann", "{user:1}:age": 41})
    assert server.strict_report() == []

    r.mset({"user:2": "Ben", "user:3": "Cid"})
    (finding,) = server.strict_report()
    assert (finding.rule, finding.command) == ("cross-slot", "mset")
