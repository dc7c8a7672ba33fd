/** A shopping cart that is forgotten after half an hour without a change. */
export class Cart {
  constructor(redis, user) {
    this.redis = redis
    this.key = `cart:${user}`
  }

  async add(article, count = 1) {
    await this.redis.multi().hincrby(this.key, article, count).expire(this.key, 30 * 60).exec()
  }

  articles() {
    return this.redis.hgetall(this.key)
  }
}
