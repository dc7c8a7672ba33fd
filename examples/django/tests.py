from django.core.cache import cache
from django.test import SimpleTestCase


class VisitsTest(SimpleTestCase):
    def setUp(self):
        cache.clear()

    def test_counts(self):
        self.assertEqual(self.client.get("/").content, b"1")
        self.assertEqual(self.client.get("/").content, b"2")

    def test_counts_from_the_start(self):
        self.assertEqual(self.client.get("/").content, b"1")
