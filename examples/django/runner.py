from django.conf import settings
from django.test.runner import DiscoverRunner

from resp_server import Server


class RespServerRunner(DiscoverRunner):
    """Starts one server for all tests, and points the cache at it."""

    def setup_test_environment(self, **kwargs):
        super().setup_test_environment(**kwargs)
        self.server = Server().start()
        settings.CACHES["default"]["LOCATION"] = self.server.url

    def teardown_test_environment(self, **kwargs):
        self.server.stop()
        super().teardown_test_environment(**kwargs)

    def setup_databases(self, **kwargs):
        return []  # this example has none

    def teardown_databases(self, old_config, **kwargs):
        pass
