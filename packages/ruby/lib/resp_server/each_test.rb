# frozen_string_literal: true

require "resp_server"

module RespServer
  # A server for each test: a fork of one server of the process, made in no
  # time. So tests may run in parallel threads, and in forked processes.
  module EachTest
    class << self
      # The options of RespServer.start for the server that is forked, such as
      # { load: ["test/fixtures/shop.json"] }. Set them before the first test.
      # With strict: ["all warn"] a test fails that strict mode warns of.
      attr_writer :options

      def strict?
        !(@options || {}).fetch(:strict, []).empty?
      end

      # The server that is forked. What is put there before the first test, each
      # test finds.
      def base
        @mutex.synchronize { @base ||= RespServer.start(**(@options || {})) }
      end
    end
    @mutex = Mutex.new

    # Returns the server of this test.
    def resp_server
      @resp_server ||= EachTest.base.fork
    end

    # Returns its URL.
    def redis_url
      resp_server.url
    end

    private

    def show_log(test)
      warn "#{test} failed; the log of the server:\n#{EachTest.base.log}" if @resp_server
    end

    def stop_resp_server
      @resp_server&.check_strict if EachTest.strict?
    ensure
      @resp_server&.stop
      @resp_server = nil
    end
  end
end
