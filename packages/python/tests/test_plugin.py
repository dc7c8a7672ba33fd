"""The pytest plugin, in runs of pytest of their own."""

import sys

import pytest


def test_each_test_begins_empty(pytester):
    pytester.makepyfile(
        """
        def test_one(redis_client):
            assert redis_client.dbsize() == 0
            redis_client.set("k", "v")
            redis_client.config_set("maxclients", 77)

        def test_two(redis_client, resp_server):
            assert redis_client.dbsize() == 0
            assert redis_client.config_get("maxclients") != {"maxclients": "77"}
            assert resp_server.running
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_fixture_files_and_settings(pytester):
    pytester.makefile(".redis", seed="SET user:1 ann\n")
    pytester.makefile(".conf", redis="databases 3\n")
    pytester.makeini("[pytest]\nresp_server_load = seed.redis\nresp_server_conf = redis.conf\n")
    pytester.makepyfile(
        """
        def test_seeded(redis_client):
            assert redis_client.get("user:1") == "ann"
            redis_client.delete("user:1")
            assert redis_client.config_get("databases") == {"databases": "3"}

        def test_seeded_again(redis_client):
            assert redis_client.get("user:1") == "ann"
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_strict(pytester):
    pytester.makeini("[pytest]\nresp_server_strict =\n    all warn\n    large-values error 10\n")
    pytester.makepyfile(
        """
        import pytest

        def test_warned(redis_client):
            redis_client.mset({"a": 1, "b": 2})

        def test_forgotten(redis_client, resp_server):
            redis_client.mset({"a": 1, "b": 2})
            resp_server.reset_strict()

        def test_fine(redis_client):
            redis_client.set("a", 1)
            with pytest.raises(Exception, match="STRICT large-values"):
                redis_client.set("a", "x" * 11)
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*strict mode warns of what the test has done:*", '*cross-slot: MSET a 1 b 2: "a" is in hash slot 15495, "b" in 3300*'])


def test_log(pytester):
    pytester.makepyfile(
        """
        def test_fails(redis_client):
            redis_client.config_set("maxclients", 77)
            assert False

        def test_passes(redis_client):
            pass
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Captured resp-server log*", "*Ready to accept connections*"])


def test_workers_have_servers_of_their_own(pytester):
    pytest.importorskip("xdist")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(20))
        def test_alone(redis_client, n):
            assert redis_client.incr("counter") == 1
        """
    )
    pytester.runpytest("-n", "2").assert_outcomes(passed=20)


def test_unittest(pytester):
    pytester.makepyfile(
        """
        from resp_server.unittest import RespServerTestCase

        class CounterTest(RespServerTestCase):
            def test_one(self):
                self.assertEqual(self.redis.incr("visits"), 1)

            def test_two(self):
                self.assertEqual(self.redis.incr("visits"), 1)
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_unittest_strict(pytester):
    pytester.makepyfile(
        test_it="""
        from resp_server.unittest import RespServerTestCase

        class StrictTest(RespServerTestCase):
            strict = ["all warn"]

            def test_warned(self):
                self.redis.mset({"a": 1, "b": 2})

            def test_forgotten(self):
                self.redis.mset({"a": 1, "b": 2})
                self.server.reset_strict()

            def test_fine(self):
                self.redis.mset({"{a}1": 1, "{a}2": 2})
        """
    )
    result = pytester.run(sys.executable, "-m", "unittest", "test_it")
    result.stderr.fnmatch_lines(
        [
            "*test_warned*",
            "*strict mode warns of what the test has done:*",
            '*cross-slot: MSET a 1 b 2: "a" is in hash slot 15495, "b" in 3300*',
            "Ran 3 tests*",
            "FAILED (failures=1)",
        ]
    )
