import json, os, subprocess, unittest
import redis


class CounterTest(unittest.TestCase):
    def setUp(self):
        out, fd = os.pipe()
        self.server = subprocess.Popen(
            ["resp-server", "--port", "0", "--exit-with-parent", "--ready-file", str(fd)],
            pass_fds=[fd], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(fd)
        with os.fdopen(out) as ready:  # one line, when connections are accepted
            self.redis = redis.Redis(port=json.load(ready)["port"])

    def tearDown(self):
        self.redis.close()
        self.server.terminate()
        self.server.wait()

    def test_counts(self):
        self.assertEqual(self.redis.incr("visits"), 1)
        self.assertEqual(self.redis.incr("visits"), 2)


if __name__ == "__main__":
    unittest.main()
