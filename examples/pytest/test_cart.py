from datetime import timedelta

import pytest
import redis

from cart import Cart
from resp_server import Fault


def test_adds_up(redis_client):
    cart = Cart(redis_client, "ann")
    cart.add("tea")
    cart.add("tea", 2)
    assert cart.articles() == {"tea": 3}


def test_begins_empty(redis_client):  # what another test did is gone
    assert Cart(redis_client, "ann").articles() == {}


def test_is_forgotten(redis_client, resp_server):
    cart = Cart(redis_client, "ann")
    cart.add("tea")
    resp_server.clock.advance(timedelta(minutes=30))  # no sleep
    assert cart.articles() == {}


def test_full_server(redis_client, resp_server):
    cart = Cart(redis_client, "ann")
    with resp_server.inject(Fault(command="HINCRBY", error="OOM command not allowed when used memory > 'maxmemory'.")):
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            cart.add("tea")
    assert cart.articles() == {}
