# Allows so many calls in a minute.
class Limiter
  def initialize(redis, limit)
    @redis = redis
    @limit = limit
  end

  def allow?(user)
    key = "calls:#{user}"
    calls = @redis.incr(key)
    @redis.expire(key, 60) if calls == 1
    calls <= @limit
  end
end
