import pytest

import tasks

pytest_plugins = ["celery.contrib.pytest"]


@pytest.fixture(scope="session")
def celery_config(resp_server):
    return {"broker_url": resp_server.url, "result_backend": resp_server.url}


def test_add(celery_session_app, celery_session_worker):
    assert tasks.add.delay(2, 3).get(timeout=60) == 5


def test_retries(celery_session_app, celery_session_worker):
    assert tasks.flaky.delay().get(timeout=60) == 2
