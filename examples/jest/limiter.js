/** Allows so many calls in a minute. */
class Limiter {
  constructor(redis, limit) {
    this.redis = redis
    this.limit = limit
  }

  async allow(user) {
    const key = `calls:${user}`
    const calls = await this.redis.incr(key)
    if (calls === 1) await this.redis.expire(key, 60)
    return calls <= this.limit
  }
}

module.exports = { Limiter }
