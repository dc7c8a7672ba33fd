require "minitest/autorun"
require "redis"
require "resp_server/minitest"
require_relative "limiter"

class LimiterTest < Minitest::Test
  include RespServer::Minitest
  parallelize_me!

  def test_allows_until_the_limit
    limiter = Limiter.new(Redis.new(url: redis_url), 2)
    assert_equal [true, true, false], Array.new(3) { limiter.allow?("ann") }
  end

  def test_allows_again_after_a_minute
    limiter = Limiter.new(Redis.new(url: redis_url), 1)
    assert limiter.allow?("ann")
    refute limiter.allow?("ann")
    resp_server.clock.advance(60)
    assert limiter.allow?("ann")
  end
end
