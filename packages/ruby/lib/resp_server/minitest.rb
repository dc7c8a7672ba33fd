# frozen_string_literal: true

require "resp_server/each_test"

module RespServer
  # For classes of Minitest: resp_server is a server for each test.
  #
  #   class CounterTest < Minitest::Test
  #     include RespServer::Minitest
  #
  #     def test_counts
  #       assert_equal 1, Redis.new(url: redis_url).incr("visits")
  #     end
  #   end
  module Minitest
    include EachTest

    def after_teardown
      super
    ensure
      show_log("#{self.class}##{name}") unless passed?
      begin
        stop_resp_server
      rescue StrictError => e
        raise ::Minitest::Assertion, e.message
      end
    end
  end
end
