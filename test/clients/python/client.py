"""redis-py against the server on port $REDIS_PORT."""

import asyncio
import os
import threading
import unittest

import redis
import redis.asyncio

PORT = int(os.environ["REDIS_PORT"])
TLS_PORT = int(os.environ.get("REDIS_TLS_PORT", 0))
CERTS = os.environ.get("REDIS_CERTS", "")


class Client(unittest.TestCase):
    def setUp(self):
        self.r = redis.Redis(port=PORT, decode_responses=True)
        self.addCleanup(self.r.close)
        self.r.flushall()

    def test_connect(self):
        self.assertTrue(self.r.ping())
        self.assertIn("redis_version", self.r.info())
        other = redis.Redis(port=PORT, db=3, client_name="me")
        self.assertEqual(other.client_getname(), "me")
        other.set("k", b"\x00\xff")
        self.assertEqual(other.get("k"), b"\x00\xff")
        self.assertIsNone(self.r.get("k"))
        other.close()

    def test_strings(self):
        self.assertTrue(self.r.set("k", "v", nx=True))
        self.assertIsNone(self.r.set("k", "w", nx=True))
        self.assertEqual(self.r.incrby("n", 5), 5)
        self.assertEqual(self.r.incrbyfloat("f", 0.25), 0.25)
        self.r.mset({"a": 1, "b": 2})
        self.assertEqual(self.r.mget("a", "nosuch", "b"), ["1", None, "2"])
        with self.assertRaisesRegex(redis.ResponseError, "not an integer"):
            self.r.incr("k")

    def test_expiry(self):
        self.r.set("k", "v", ex=100)
        self.assertIn(self.r.ttl("k"), (99, 100))
        self.assertTrue(self.r.persist("k"))
        self.assertEqual(self.r.ttl("k"), -1)
        self.r.pexpire("k", 1)
        while self.r.exists("k"):
            pass
        self.assertEqual(self.r.ttl("k"), -2)

    def test_lists(self):
        self.assertEqual(self.r.rpush("l", "a", "b", "c"), 3)
        self.assertEqual(self.r.lrange("l", 0, -1), ["a", "b", "c"])
        self.assertEqual(self.r.lmove("l", "m", "LEFT", "RIGHT"), "a")
        self.assertEqual(self.r.blpop(["none", "l"], timeout=1), ("l", "b"))
        got = []
        waiter = threading.Thread(target=lambda: got.append(redis.Redis(port=PORT).blpop("q", timeout=10)))
        waiter.start()
        while self.r.info("clients")["blocked_clients"] == 0:
            pass
        self.r.rpush("q", "job")
        waiter.join()
        self.assertEqual(got, [(b"q", b"job")])
        with self.assertRaisesRegex(redis.ResponseError, "WRONGTYPE"):
            self.r.get("l")

    def test_streams(self):
        first = self.r.xadd("s", {"n": 1})
        self.r.xgroup_create("s", "g", id="0")
        second = self.r.xadd("s", {"n": 2})
        [[name, entries]] = self.r.xreadgroup("g", "me", {"s": ">"}, count=10)
        self.assertEqual((name, entries), ("s", [(first, {"n": "1"}), (second, {"n": "2"})]))
        self.assertEqual(self.r.xpending("s", "g")["pending"], 2)
        self.assertEqual(self.r.xack("s", "g", first, second), 2)
        self.assertEqual(self.r.xinfo_groups("s")[0]["pending"], 0)
        self.assertEqual(self.r.xrange("s", count=1), [(first, {"n": "1"})])

    def test_pubsub(self):
        p = self.r.pubsub()
        p.subscribe("news")
        p.psubscribe("n*")
        kinds = [p.get_message(timeout=5)["type"] for _ in range(2)]
        self.assertEqual(kinds, ["subscribe", "psubscribe"])
        self.assertEqual(self.r.publish("news", "first post"), 2)
        got = [p.get_message(timeout=5) for _ in range(2)]
        self.assertEqual([m["data"] for m in got], ["first post"] * 2)
        p.close()

    def test_pipeline(self):
        p = self.r.pipeline(transaction=False)
        for i in range(1000):
            p.rpush("l", i)
        self.assertEqual(p.execute(), list(range(1, 1001)))

    def test_transaction(self):
        with self.r.pipeline() as p:
            p.watch("k")
            p.multi()
            p.incr("k")
            self.assertEqual(p.execute(), [1])
            p.watch("k")
            self.r.set("k", 10)
            p.multi()
            p.incr("k")
            with self.assertRaises(redis.WatchError):
                p.execute()
        self.assertEqual(self.r.get("k"), "10")

    @unittest.skipUnless(TLS_PORT, "the server has no TLS port")
    def test_tls(self):
        def connect(**options):
            r = redis.Redis(port=TLS_PORT, ssl=True, **options)
            self.addCleanup(r.close)
            return r

        certificate = {"ssl_certfile": CERTS + "/client.crt", "ssl_keyfile": CERTS + "/client.key"}
        r = connect(ssl_ca_certs=CERTS + "/ca.crt", ssl_check_hostname=True, **certificate)
        r.set("k", "v" * 1_000_000)
        self.assertEqual(len(r.get("k")), 1_000_000)
        self.assertEqual(self.r.strlen("k"), 1_000_000)
        with self.assertRaisesRegex(redis.ConnectionError, "certificate verify failed"):
            connect().ping()

    def test_asyncio(self):
        async def main():
            r = redis.asyncio.Redis(port=PORT)
            await asyncio.gather(*(r.incr("n") for _ in range(100)))
            n = await r.get("n")
            await getattr(r, "aclose", r.close)()  # redis-py 5 has renamed it
            return n

        self.assertEqual(asyncio.run(main()), b"100")


if __name__ == "__main__":
    unittest.main()
