"""The pytest plugin, in runs of pytest of their own."""

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
