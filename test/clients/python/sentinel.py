"""redis-py's Sentinel client while the master of $REDIS_SENTINELS is killed."""

import os
import signal
import time
import unittest

from redis.exceptions import RedisError
from redis.sentinel import MasterNotFoundError, Sentinel

SENTINELS = [address.rsplit(":", 1) for address in os.environ["REDIS_SENTINELS"].split(",")]


class Failover(unittest.TestCase):
    def test_master_dies(self):
        sentinel = Sentinel([(host, int(port)) for host, port in SENTINELS], socket_timeout=2)
        while len(sentinel.discover_slaves("mymaster")) < 2:
            time.sleep(0.1)
        before = sentinel.discover_master("mymaster")
        master = sentinel.master_for("mymaster", socket_timeout=2, decode_responses=True)
        counted = promised = kept = after = 0
        deadline = time.monotonic() + 120
        r = None
        while after < 100:
            self.assertLess(time.monotonic(), deadline)
            try:
                r = r or master.client()  # one connection: WAIT is for its writes
                counted = r.incr("n")
                if counted % 10 == 0 and r.wait(1, 1000) > 0:
                    promised = counted
                if kept:
                    self.assertGreater(counted, kept)
                    after += sentinel.discover_master("mymaster") != before
                elif counted >= 300:
                    kept = promised
                    os.kill(int(os.environ["REDIS_MASTER_PID"]), signal.SIGKILL)
            except (RedisError, MasterNotFoundError, OSError):
                time.sleep(0.05)
                if r:
                    r.close()  # it would go on with the address of the dead master
                r = None
        r.close()
        self.assertGreater(kept, 0)
        self.assertNotEqual(sentinel.discover_master("mymaster"), before)


if __name__ == "__main__":
    unittest.main()
