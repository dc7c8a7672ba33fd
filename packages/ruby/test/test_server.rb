# frozen_string_literal: true

require "minitest/autorun"
require "tmpdir"

require "resp_server"

class ServerTest < Minitest::Test
  def test_runs_until_it_is_stopped
    server = RespServer.start
    assert_equal "redis://127.0.0.1:#{server.port}/0", server.url
    assert_equal "PONG", server.call("PING")
    server.stop
    server.stop
    assert_raises(Errno::ECONNREFUSED) { server.call("PING") }
  end

  def test_a_block_has_a_value
    assert_equal(1, RespServer.start { |server| server.call("INCR", "n") })
  end

  def test_several_run_at_once
    RespServer.start do |one|
      RespServer.start do |two|
        one.call("SET", "k", 1)
        assert_nil two.call("GET", "k")
      end
    end
  end

  def test_replies
    RespServer.start do |server|
      assert_equal "OK", server.call("SET", "k", "\x00\xff".b)
      assert_equal "\x00\xff".b, server.call("GET", "k")
      assert_equal 2, server.call("RPUSH", "l", "é", "")
      assert_equal ["é", ""], server.call("LRANGE", "l", 0, -1)
      error = assert_raises(RespServer::ReplyError) { server.call("GET", "l") }
      assert_equal "WRONGTYPE Operation against a key holding the wrong kind of value", error.message
    end
  end

  def test_settings
    Dir.mktmpdir do |dir|
      File.write(File.join(dir, "redis.conf"), "databases 3\nmaxmemory 50mb\n")
      config = { dir: dir, maxmemory: "100mb", save: "900 1 300 10", "spaces" => true }
      RespServer.start(config_file: File.join(dir, "redis.conf"), config: config) do |server|
        assert_equal %w[databases 3], server.call("CONFIG", "GET", "databases")
        assert_equal %w[maxmemory 104857600], server.call("CONFIG", "GET", "maxmemory")
        assert_equal ["save", "900 1 300 10"], server.call("CONFIG", "GET", "save")
        server.call("SET", "k", "v")
      end
      RespServer.start(config: { dir: dir }) { |server| assert_equal "v", server.call("GET", "k") }
    end
  end

  def test_the_last_save_on_windows
    here = Gem.method(:win_platform?)
    Dir.mktmpdir do |dir|
      saving = RespServer.start(config: { dir: dir, save: "3600 1" })
      closed = RespServer.start(config: { requirepass: "secret" })
      saving.call("SET", "k", "v")
      Gem.define_singleton_method(:win_platform?) { true } # where there is no SIGTERM
      [saving, closed].each(&:stop)
      assert_path_exists File.join(dir, "dump.rdb")
    end
  ensure
    Gem.define_singleton_method(:win_platform?, here)
  end

  def test_a_start_that_fails_says_why
    error = assert_raises(RespServer::StartError) { RespServer.start(config: { maxclients: "many" }) }
    assert_includes error.message, "maxclients"
    TCPServer.open("127.0.0.1", 0) do |taken|
      error = assert_raises(RespServer::StartError) { RespServer.start(port: taken.addr[1]) }
      assert_includes error.message, "in use"
    end
  end

  def test_the_log
    server = RespServer.start
    assert_includes server.log, "Ready to accept connections"
    server.stop
    assert_includes server.log, "Ready to accept connections"
  end

  def test_the_server_ends_with_a_killed_parent
    code = "require 'resp_server'; puts RespServer.start.port; $stdout.flush; sleep"
    IO.popen([Gem.ruby, *$LOAD_PATH.map { |path| "-I#{path}" }, "-e", code]) do |parent|
      TCPSocket.open("127.0.0.1", Integer(parent.gets)) do |connection|
        connection.write("PING\r\n")
        connection.gets # now it is accepted, so that its end is no reset
        Process.kill(:KILL, parent.pid)
        assert connection.wait_readable(20)
        assert_nil connection.read(1) # closed by the end of the server
      end
    end
  end

  def test_no_binary
    before = ENV.fetch("RESP_SERVER_BINARY", nil)
    ENV["RESP_SERVER_BINARY"] = "/does/not/exist"
    assert_raises(RespServer::StartError) { RespServer.start }
  ensure
    ENV["RESP_SERVER_BINARY"] = before
  end
end
