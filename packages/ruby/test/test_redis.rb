# frozen_string_literal: true

require "minitest/autorun"
require "redis"

require "resp_server/minitest"

class RedisTest < Minitest::Test
  include RespServer::Minitest

  def setup
    @redis = Redis.new(url: redis_url)
  end

  def teardown
    @redis.close
  end

  def test_strings_and_expiry
    assert @redis.set("k", "v", nx: true, ex: 3600)
    refute @redis.set("k", "w", nx: true)
    assert_equal ["v", nil], @redis.mget("k", "none")
    assert_raises(Redis::CommandError) { @redis.incr("k") }
    resp_server.clock.advance(3600)
    assert_nil @redis.get("k")
  end

  def test_hashes_sorted_sets_and_streams
    @redis.mapped_hmset("h", { "a" => 1, "b" => 2 })
    assert_equal({ "a" => "1", "b" => "2" }, @redis.hgetall("h"))
    @redis.zadd("z", [[2, "ann"], [1, "ben"]])
    assert_equal %w[ben ann], @redis.zrange("z", 0, -1)
    id = @redis.xadd("s", { n: 1 })
    @redis.xgroup(:create, "s", "g", "0")
    assert_equal({ "s" => [[id, { "n" => "1" }]] }, @redis.xreadgroup("g", "me", "s", ">"))
    assert_equal 1, @redis.xack("s", "g", id)
  end

  def test_blocks_for_a_list
    waiting = Thread.new { Redis.new(url: redis_url).blpop("queue", timeout: 60) }
    Thread.pass until resp_server.call("INFO", "clients").include?("blocked_clients:1\r\n")
    @redis.rpush("queue", "job")
    assert_equal %w[queue job], waiting.value
  end

  def test_pub_sub
    got = []
    @redis.subscribe("news") do |on|
      on.subscribe { resp_server.call("PUBLISH", "news", "first post") }
      on.message do |_, message|
        got << message
        @redis.unsubscribe
      end
    end
    assert_equal ["first post"], got
  end

  def test_pipelines_and_transactions
    assert_equal (1..1000).to_a, @redis.pipelined { |pipeline| 1000.times { pipeline.rpush("l", "x") } }
    assert_equal [1, 2], @redis.multi { |transaction| 2.times { transaction.incr("n") } }
    lost = @redis.watch("n") do
      resp_server.call("SET", "n", 10)
      @redis.multi { |transaction| transaction.incr("n") }
    end
    assert_nil lost
  end
end
