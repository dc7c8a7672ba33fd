class Cart:
    """A shopping cart that is forgotten after half an hour without a change."""

    TTL = 30 * 60

    def __init__(self, redis, user):
        self._redis = redis
        self._key = f"cart:{user}"

    def add(self, article, count=1):
        with self._redis.pipeline() as p:
            p.hincrby(self._key, article, count)
            p.expire(self._key, self.TTL)
            p.execute()

    def articles(self):
        return {name: int(count) for name, count in self._redis.hgetall(self._key).items()}
