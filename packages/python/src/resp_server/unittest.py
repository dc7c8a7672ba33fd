"""A base class for unittest.

    class CounterTest(RespServerTestCase):
        def test_counts(self):
            self.assertEqual(self.redis.incr("visits"), 1)
"""

import unittest
from typing import Any, ClassVar

from resp_server import Server


class RespServerTestCase(unittest.TestCase):
    """Gives a class of tests a server, and each test an empty one.

    self.server is the Server, self.redis a client of redis-py or valkey-py.
    """

    server: ClassVar[Server]
    redis: Any

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.stop)
        cls.server.snapshot("unittest")

    def setUp(self) -> None:
        super().setUp()
        self.server.restore("unittest")
        self.redis = self.server.client(decode_responses=True)
        self.addCleanup(self.redis.close)
