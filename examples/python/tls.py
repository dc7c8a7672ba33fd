from tempfile import TemporaryDirectory

import redis

from resp_server import Server

with TemporaryDirectory() as certs, Server(args=["--tls-auto", certs]) as server:
    trusting = dict(host="localhost", port=server.tls_port, ssl=True, ssl_ca_certs=f"{certs}/ca.crt")
    with redis.Redis(**trusting) as r:
        assert r.ping()

    server.call("CONFIG", "SET", "tls-auth-clients", "yes")  # from now on, for new connections
    with redis.Redis(**trusting) as r:
        try:
            r.ping()
            raise AssertionError("a client without certificate was let in")
        except redis.ConnectionError:
            pass
    own = dict(ssl_certfile=f"{certs}/client.crt", ssl_keyfile=f"{certs}/client.key")
    with redis.Redis(**trusting, **own) as r:
        assert r.ping()
