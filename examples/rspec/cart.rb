# A shopping cart that is forgotten after half an hour without a change.
class Cart
  TTL = 30 * 60

  def initialize(redis, user)
    @redis = redis
    @key = "cart:#{user}"
  end

  def add(article, count = 1)
    @redis.multi do |transaction|
      transaction.hincrby(@key, article, count)
      transaction.expire(@key, TTL)
    end
  end

  def articles
    @redis.hgetall(@key).transform_values(&:to_i)
  end
end
