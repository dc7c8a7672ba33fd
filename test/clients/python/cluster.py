"""redis-py's cluster client against the nodes of $REDIS_CLUSTER."""

import logging
import os
import unittest

from redis.cluster import ClusterNode, RedisCluster

logging.disable()  # it logs each redirection
NODES = [address.rsplit(":", 1) for address in os.environ["REDIS_CLUSTER"].split(",")]


class Cluster(unittest.TestCase):
    def setUp(self):
        host, port = NODES[0]
        self.r = RedisCluster(startup_nodes=[ClusterNode(host, int(port))], decode_responses=True)
        self.addCleanup(self.r.close)
        self.r.flushall(target_nodes=RedisCluster.PRIMARIES)

    def test_topology(self):
        self.assertEqual(len(self.r.get_primaries()), len(NODES))
        self.assertEqual(self.r.cluster_keyslot("foo"), 12182)

    def test_keys_of_all_nodes(self):
        for i in range(50):
            self.assertTrue(self.r.set(f"k{i}", i))
        self.assertEqual([self.r.get(f"k{i}") for i in range(50)], [str(i) for i in range(50)])
        self.assertEqual(self.r.dbsize(target_nodes=RedisCluster.PRIMARIES), 50)
        self.assertEqual(len(list(self.r.scan_iter())), 50)

    def test_pipeline(self):
        with self.r.pipeline() as pipe:
            for i in range(20):
                pipe.incrby(f"n{i}", i)
            self.assertEqual(pipe.execute(), list(range(20)))

    def test_hash_tags(self):
        self.r.mset({"{t}a": 1, "{t}b": 2})
        self.assertEqual(self.r.mget("{t}a", "{t}b"), ["1", "2"])
        self.assertEqual(self.r.eval("return redis.call('get', KEYS[1])", 1, "{t}a"), "1")

    def test_move(self):
        slot = self.r.cluster_keyslot("moving")
        self.r.set("other{moving}", 1)
        old = self.r.get_node_from_key("moving")
        new = next(n for n in self.r.get_primaries() if n != old)
        ids = {n.name: self.r.execute_command("CLUSTER MYID", target_nodes=n) for n in (old, new)}
        self.r.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[old.name], target_nodes=new)
        self.r.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[new.name], target_nodes=old)
        self.assertIsNone(self.r.get("{moving}"))  # asked for at the new node
        self.assertTrue(self.r.set("{moving}", "here"))
        self.assertEqual(self.r.get("{moving}"), "here")
        self.assertEqual(self.r.delete("other{moving}"), 1)
        for n in (new, old):
            self.r.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[new.name], target_nodes=n)
        self.assertEqual(self.r.get("{moving}"), "here")


if __name__ == "__main__":
    unittest.main()
