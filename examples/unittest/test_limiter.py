import unittest

from limiter import Limiter
from resp_server.unittest import RespServerTestCase


class LimiterTest(RespServerTestCase):
    def test_allows_until_the_limit(self):
        limiter = Limiter(self.redis, limit=2)
        self.assertEqual([limiter.allow("ann") for _ in range(3)], [True, True, False])
        self.assertTrue(limiter.allow("ben"))

    def test_allows_again_after_a_minute(self):
        limiter = Limiter(self.redis, limit=1)
        self.assertTrue(limiter.allow("ann"))
        self.assertFalse(limiter.allow("ann"))
        self.server.clock.advance(60)
        self.assertTrue(limiter.allow("ann"))


if __name__ == "__main__":
    unittest.main()
