"""Finds the client library that is installed."""

import importlib
from typing import Any, Callable


def from_url(redis_name: str, valkey_name: str) -> Callable[..., Any]:
    """Return from_url of the named class of redis-py, or else of valkey-py."""
    for name in (f"redis.{redis_name}", f"valkey.{valkey_name}"):
        module, _, cls = name.rpartition(".")
        try:
            make: Callable[..., Any] = getattr(importlib.import_module(module), cls).from_url
            return make
        except ImportError:
            continue
    raise ImportError("no client is installed: pip install redis, or valkey")
