# frozen_string_literal: true

require "json"
require "tmpdir"

require_relative "resp_server/binary"
require_relative "resp_server/controls"
require_relative "resp_server/version"

# A Redis-compatible server for tests.
#
#   RespServer.start do |server|
#     Redis.new(url: server.url).set("foo", "bar")
#   end
module RespServer
  # Starts a server; returns when it accepts connections. With a block the
  # server ends with it, and the value of the block is returned. The options are
  # those of Server.new.
  def self.start(**options)
    server = Server.new(**options)
    return server unless block_given?

    begin
      yield server
    ensure
      server.stop
    end
  end

  # A server process. It ends with stop, or with this process, however that ends.
  class Server
    include Controls

    # The id of the process.
    attr_reader :pid

    # port: 0 picks a free one. config: directives of redis.conf, such as
    # { maxmemory: "100mb" }; no files are written unless there is a dir.
    # config_file: a redis.conf to read first. load: files with fixtures. strict:
    # rules of strict mode, such as ["all warn"]; see check_strict. args: more
    # arguments for the binary. testing: false forbids the test controls.
    # timeout: the seconds that a start may take.
    def initialize(port: 0, host: "127.0.0.1", unixsocket: nil, config: {}, config_file: nil, load: [], strict: [],
                   args: [], testing: true, timeout: 10)
      words = [*config_file, "--port", port, "--bind", host]
      words += ["--dir", "", "--save", ""] unless config_file || config.transform_keys(&:to_s).key?("dir")
      words += ["--unixsocket", unixsocket] if unixsocket
      config.each { |name, value| words += ["--#{name}", *directive(value)] }
      load.each { |file| words += ["--load", file] }
      strict.each { |rule| words += ["--strict", rule] }
      words << "--testing" if testing
      connect_to(host, launch(words + args, timeout))
    end

    # Ends the server, after a last save if the settings have save points; may be called again.
    def stop
      return if @stopped

      @stopped = true
      disconnect
      terminate
      @text = log
      @log.close
      remove
    end

    # Returns what the server has logged, also after its end.
    def log
      return @text if @text

      @log.rewind
      @log.read
    end

    private

    def directive(value)
      return [value ? "yes" : "no"] if [true, false].include?(value)

      words = value.to_s.split
      words.empty? ? [""] : words
    end

    def launch(words, timeout)
      binary = RespServer.binary
      @folder = Dir.mktmpdir("resp-server-")
      ready = File.join(@folder, "ready.json")
      file = File.join(@folder, "log")
      # A file: a pipe that nobody reads would block the server.
      File.open(file, "a") do |out|
        @pid = Process.spawn(binary, *words.map(&:to_s), "--exit-with-parent", "--ready-file", ready,
                             in: File::NULL, out: out, err: out, **own_group)
      end
      @log = File.open(file, encoding: "UTF-8")
      port = await(ready, timeout)
      remove unless Gem.win_platform? # an open file needs no name, so nothing is left when this process is killed
      port
    end

    def await(ready, timeout)
      begin_at = monotonic
      until File.exist?(ready)
        why = "exit code #{$?.exitstatus}" if Process.wait(@pid, Process::WNOHANG)
        if why.nil? && monotonic - begin_at > timeout
          why = "not ready within #{timeout} seconds"
          Process.kill(:KILL, @pid)
          Process.wait(@pid)
        end
        fail_start(why) if why
        sleep 0.001
      end
      JSON.parse(File.read(ready))["port"]
    end

    def fail_start(why)
      text = log
      @log.close
      remove
      raise StartError, "resp-server did not start: #{why}\n#{text}".rstrip
    end

    # Ctrl-C in a terminal is for this process, not for the server.
    def own_group
      Gem.win_platform? ? { new_pgroup: true } : { pgroup: true }
    end

    # Windows has no signal that lets a program save its data.
    def shut_down
      connection = Connection.new(host, port)
      connection.call("SHUTDOWN")
      false
    rescue EOFError, Errno::ECONNRESET
      true # there is no other reply to it
    rescue ReplyError, SystemCallError
      false # it may want a password
    ensure
      connection&.close
    end

    def terminate
      if Gem.win_platform?
        Process.kill(:KILL, @pid) unless shut_down
      else
        Process.kill(:TERM, @pid)
      end
      begin_at = monotonic
      until Process.wait(@pid, Process::WNOHANG)
        if monotonic - begin_at > 10 # it may have had a snapshot to save
          Process.kill(:KILL, @pid)
          Process.wait(@pid)
          break
        end
        sleep 0.001
      end
    rescue Errno::ESRCH, Errno::ECHILD
      # It has ended by itself.
    end

    def remove
      FileUtils.rm_rf(@folder)
    end

    def monotonic
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
