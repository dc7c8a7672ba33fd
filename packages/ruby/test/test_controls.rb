# frozen_string_literal: true

require "minitest/autorun"
require "open3"
require "tempfile"

require "resp_server/minitest"

RespServer::EachTest.options = { config: { spaces: true } }

class ControlsTest < Minitest::Test
  include RespServer::Minitest
  parallelize_me!

  def test_clock
    resp_server.call("SET", "session", "x", "EX", 3600)
    resp_server.clock.freeze
    resp_server.clock.advance(3599)
    assert_equal "x", resp_server.call("GET", "session")
    resp_server.clock.advance(1)
    assert_nil resp_server.call("GET", "session")
    day = Time.utc(2040, 2, 29)
    resp_server.clock.set(day)
    assert_equal day, resp_server.clock.now
    assert_equal day.to_i.to_s, resp_server.call("TIME").first
    resp_server.clock.resume
  end

  def test_snapshot_and_reset
    resp_server.call("SET", "k", "before")
    resp_server.snapshot
    resp_server.call("SET", "k", "after")
    resp_server.restore
    assert_equal "before", resp_server.call("GET", "k")
    resp_server.reset
    assert_nil resp_server.call("GET", "other")
  end

  def test_fork
    resp_server.call("SET", "k", "shared")
    port = resp_server.fork do |fork|
      assert_equal "shared", fork.call("GET", "k")
      fork.call("SET", "k", "changed")
      assert_equal "shared", resp_server.call("GET", "k")
      fork.port
    end
    assert_raises(Errno::ECONNREFUSED) { TCPSocket.new("127.0.0.1", port) }
  end

  def test_a_forked_process_has_a_connection_of_its_own
    resp_server.call("SET", "k", "v")
    out, into = IO.pipe
    child = Process.fork do
      into.write(resp_server.call("GET", "k"))
      exit!
    end
    into.close
    assert_equal "v", out.read
    Process.wait(child)
    assert_equal "v", resp_server.call("GET", "k")
  end

  def test_space_url
    assert_equal "redis://space%3Aworker%201:x@127.0.0.1:#{resp_server.port}/0", resp_server.space_url("worker 1")
  end

  def test_an_error_for_some_keys
    resp_server.inject(command: "GET", key: "user:*", error: "LOADING Redis is loading the dataset in memory") do
      assert_raises(RespServer::ReplyError) { resp_server.call("GET", "user:1") }
      assert_nil resp_server.call("GET", "other")
    end
    assert_nil resp_server.call("GET", "user:1")
  end

  def test_executed_but_the_reply_is_lost
    resp_server.inject(command: "INCR", close: :after, times: 1) do
      assert_raises(EOFError) { resp_server.call("INCR", "counter") }
      assert_equal 2, resp_server.call("INCR", "counter") # a retry counts twice
    end
  end

  def test_record
    recording = resp_server.record do
      resp_server.call("SET", "user:1", "ann")
      resp_server.call("GET", "user:1")
    end
    resp_server.call("GET", "user:2")
    assert_equal 2, recording.count
    assert_equal 1, recording.count("SET user:* *")
    assert_includes recording.transcript, "> GET user:1\n\"ann\"\n"
  end

  def test_strict_mode
    resp_server.strict("all warn", "cross-slot error")
    assert_raises(RespServer::ReplyError) { resp_server.call("MSET", "a", 1, "b", 2) }
    finding = resp_server.strict_report.first
    assert_equal ["cross-slot", "error", "MSET a 1 b 2", 1], finding.values_at(:rule, :level, :line, :count)
    assert_instance_of Time, finding[:first]
    resp_server.reset_strict
    assert_empty resp_server.strict_report
  end

  def test_strict_mode_fails_the_test
    file = Tempfile.new(["strict", ".rb"])
    file.write(<<~RUBY)
      require "minitest/autorun"
      require "resp_server/minitest"

      RespServer::EachTest.options = { strict: ["all warn"] }

      class StrictTest < Minitest::Test
        include RespServer::Minitest

        def test_warned
          resp_server.call("MSET", "a", 1, "b", 2)
        end

        def test_forgotten
          resp_server.call("MSET", "a", 1, "b", 2)
          resp_server.reset_strict
        end

        def test_fine
          resp_server.call("MSET", "{a}1", 1, "{a}2", 2)
        end

        def test_wrong
          flunk resp_server.url
        end
      end
    RUBY
    file.close
    out, status = Open3.capture2e(RbConfig.ruby, *$LOAD_PATH.flat_map { |dir| ["-I", dir] }, file.path)
    refute_predicate status, :success?
    assert_match(/Failure:\nStrictTest#test_warned .*\nstrict mode warns of what the test has done:\n  cross-slot: MSET a 1 b 2: /, out)
    assert_match(/StrictTest#test_wrong failed; the log of the server:\n(.*\n)*.*Ready to accept connections/, out)
    assert_includes out, "4 runs, 1 assertions, 2 failures, 0 errors"
  end

  def test_every_fault_is_understood
    [{ error: "ERR x" }, { delay: 1 }, { close: :before }, { close: :after }, { cut: 3 }, { blackhole: true },
     { trickle: 0.5 }, { expire: true }, { evict: true }].each do |action|
      resp_server.inject(command: "GET", space: "nowhere", **action) { nil }
    end
    [{ disk: :enospc }, { disk: :eio }].each { |action| resp_server.inject(**action) { nil } }
    now = Time.now
    resp_server.inject(after: now, before: now + 1, refuse: true, from: 100) do
      listed = resp_server.call("TESTING", "FAULT", "LIST")[0][3]
      assert_equal "FROM 100 AFTER #{(now.to_r * 1000).round} BEFORE #{((now + 1).to_r * 1000).round} DO REFUSE", listed
    end
    resp_server.inject(client: "nobody", refuse: true) { nil }
    resp_server.inject(command: "CONFIG|SET", category: "admin", key: "k*", client: "c*", user: "default", from: 2,
                       every: 3, times: 4, probability: 0.5, error: "ERR x") { nil }
    assert_empty resp_server.call("TESTING", "FAULT", "LIST")
    assert_raises(ArgumentError) { resp_server.inject(command: "GET") { nil } }
    assert_raises(ArgumentError) { resp_server.inject(comand: "GET", evict: true) { nil } }
  end

  def test_fixtures
    resp_server.load("SET user:1 ann\nRPUSH queue a b\n")
    dump = resp_server.dump
    resp_server.call("FLUSHALL")
    Tempfile.create("dump") do |file|
      file.write(dump)
      file.close
      resp_server.load_file(file.path)
    end
    assert_equal dump, resp_server.dump
  end
end
