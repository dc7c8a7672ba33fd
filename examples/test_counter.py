import json, os, subprocess, unittest
import redis


class CounterTest(unittest.TestCase):
    def setUp(self):
        out, fd = os.pipe()
        self.server = subprocess.Popen(
            ["resp-server", "--port", "0", "--exit-with-parent", "--ready-file", str(fd)],
            pass_fds=[fd], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.close(fd)
        with os.fdopen(out) as ready:  # one line when connections are accepted, none if it failed
            line = ready.readline()
        if not line:
            self.fail(self.server.communicate()[1])  # why it did not start
        self.redis = redis.Redis(port=json.loads(line)["port"])

    def tearDown(self):
        self.redis.close()
        self.server.terminate()
        self.server.communicate()

    def test_counts(self):
        self.assertEqual(self.redis.incr("visits"), 1)
        self.assertEqual(self.redis.incr("visits"), 2)


if __name__ == "__main__":
    unittest.main()
