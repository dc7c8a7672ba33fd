"""redis-py's cluster client while a master of $REDIS_CLUSTER is killed."""

import logging
import os
import signal
import time
import unittest

from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisError

logging.disable()
NODES = [address.rsplit(":", 1) for address in os.environ["REDIS_CLUSTER"].split(",")]
PIDS = dict(zip(os.environ["REDIS_CLUSTER"].split(","), map(int, os.environ["REDIS_PIDS"].split(","))))


class Failover(unittest.TestCase):
    def test_master_dies(self):
        r = RedisCluster(startup_nodes=[ClusterNode(h, int(p)) for h, p in NODES], decode_responses=True, socket_timeout=2)
        self.addCleanup(r.close)
        old = r.get_node_from_key("n")
        promised = counted = after = 0
        killed = False
        deadline = time.monotonic() + 120
        while after < 100:
            self.assertLess(time.monotonic(), deadline)
            try:
                counted = r.incr("n")
                if counted % 10 == 0 and not killed:
                    if r.execute_command("WAIT", 1, 1000, target_nodes=r.get_node_from_key("n")) > 0:
                        promised = counted
                if promised >= 300 and not killed:
                    killed = True
                    os.kill(PIDS[old.name.replace("localhost", "127.0.0.1")], signal.SIGKILL)
                elif killed:
                    after += 1
                    self.assertGreater(counted, promised)
            except RedisError:
                time.sleep(0.05)
        self.assertGreaterEqual(int(r.get("n")), promised + 100)
        self.assertNotEqual(r.get_node_from_key("n").name, old.name)


if __name__ == "__main__":
    unittest.main()
