class Limiter:
    """Allows so many calls in a minute."""

    def __init__(self, redis, limit):
        self._redis = redis
        self._limit = limit

    def allow(self, user):
        key = f"calls:{user}"
        calls = self._redis.incr(key)
        if calls == 1:
            self._redis.expire(key, 60)
        return calls <= self._limit
