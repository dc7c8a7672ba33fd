"""A base class for unittest.

    class CounterTest(RespServerTestCase):
        def test_counts(self):
            self.assertEqual(self.redis.incr("visits"), 1)
"""

import unittest
from typing import Any, ClassVar, Sequence

from resp_server import Server


class RespServerTestCase(unittest.TestCase):
    """Gives a class of tests a server, and each test an empty one.

    self.server is the Server, self.redis a client of redis-py or valkey-py.
    A class may set strict to rules of strict mode, such as ["all warn"]: what
    they warn of fails the test that has done it.
    """

    strict: ClassVar[Sequence[str]] = ()

    server: ClassVar[Server]
    redis: Any

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = Server(strict=cls.strict).start()
        cls.addClassCleanup(cls.server.stop)
        cls.server.snapshot("unittest")

    def setUp(self) -> None:
        super().setUp()
        self.server.restore("unittest")
        if self.strict:
            self.addCleanup(self._check_strict)
        self.redis = self.server.client(decode_responses=True)
        self.addCleanup(self.redis.close)

    def _check_strict(self) -> None:
        if self.server.running:
            self.server.check_strict()
