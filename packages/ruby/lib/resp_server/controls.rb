# frozen_string_literal: true

require "erb"

require_relative "wire"

module RespServer
  # Strict mode has warned of what a test has done. The message has rules and commands.
  class StrictError < StandardError; end

  # The server's clock. Expiry, TIME, stream ids and timeouts follow it.
  class Clock
    def initialize(owner)
      @owner = owner
    end

    # Moves the clock forward by seconds. Everything that becomes due has
    # happened when this returns: keys have expired, blocked clients have their
    # replies.
    def advance(seconds)
      call("ADVANCE", (seconds * 1000).round)
    end

    # Sets the clock to a Time, or to seconds since 1970.
    def set(time)
      call("SET", (time.to_r * 1000).round)
    end

    # Stops the clock: it moves only by advance and set.
    def freeze
      call("FREEZE")
    end

    # Lets the clock run on from where it is.
    def resume
      call("RESUME")
    end

    # Returns the server's time.
    def now
      Time.at(0, call("NOW"), :millisecond)
    end

    private

    def call(*words)
      @owner.call("TESTING", "CLOCK", *words)
    end
  end

  # The commands that clients sent, with the replies; see Controls#record. It can
  # be read until the next recording of the server begins.
  class Recording
    def initialize(owner)
      @owner = owner
    end

    # Returns how many commands came that match a pattern: a glob for each word,
    # "SET user:* *". As the last word "..." stands for any further ones.
    def count(pattern = "...")
      @owner.call("TESTING", "RECORD", "COUNT", pattern)
    end

    # Returns all of it as a transcript, for a person to read.
    def transcript
      @owner.call("TESTING", "RECORD", "GET")
    end
  end

  # What a test can do with this server and with no other: each method is a
  # subcommand of TESTING. The guide is docs/testing.md of the server.
  module Controls
    CONDITIONS = %i[command category key client user space from every times probability].freeze
    ACTIONS = {
      error: ->(text) { ["ERROR", text] },
      delay: ->(seconds) { ["DELAY", (seconds * 1000).round] },
      close: ->(moment) { ["CLOSE", moment.to_s.upcase] },
      cut: ->(bytes) { ["CUT", bytes] },
      blackhole: ->(_) { ["BLACKHOLE"] },
      trickle: ->(seconds) { ["TRICKLE", (seconds * 1000).round] },
      expire: ->(_) { ["EXPIRE"] },
      evict: ->(_) { ["EVICT"] },
      refuse: ->(_) { ["REFUSE"] },
      disk: ->(error) { [error.to_s.upcase] }
    }.freeze
    MOMENTS = %i[after before].freeze
    private_constant :CONDITIONS, :ACTIONS, :MOMENTS

    # The address that the server listens on, and its TCP port.
    attr_reader :host, :port

    # Returns what clients connect to: redis://127.0.0.1:34567/0.
    def url
      "redis://#{address}/0"
    end

    # Runs one command on a connection of this object. The reply is a String, an
    # Integer, an Array or nil; an error is raised as a ReplyError.
    def call(*words)
      @mutex.synchronize do
        disconnect unless @process == ::Process.pid # a forked process needs a connection of its own
        @process = ::Process.pid
        @connection ||= Connection.new(host, port)
        begin
          @connection.call(*words)
        rescue SystemCallError, IOError
          disconnect
          raise
        end
      end
    end

    def clock
      Clock.new(self)
    end

    # Remembers data, users, scripts, functions, settings and time.
    def snapshot(name = "default")
      call("TESTING", "SNAPSHOT", name)
    end

    # Goes back to a snapshot. Clients stay connected.
    def restore(name = "default")
      call("TESTING", "RESTORE", name)
    end

    # Makes the server as it was after its start.
    def reset
      call("TESTING", "RESET")
    end

    # Makes an independent server with the same data, without copying them. It
    # ends with the block, or with stop.
    def fork
      fork = Fork.new(host, port)
      return fork unless block_given?

      begin
        yield fork
      ensure
        fork.stop
      end
    end

    # Injects a fault while the block runs. Keywords say which commands it applies to
    # (command, category, key, client, user, space, from, every, times,
    # probability, and after and before, a Time on the server's clock) and what happens: exactly one of error (a text), delay and trickle
    # (seconds), close (:before or :after the execution), cut (bytes),
    # blackhole, expire, evict, refuse (true), disk (:enospc or :eio).
    #
    #   server.inject(command: "INCR", close: :after, times: 1) { ... }
    def inject(**fault)
      name = "ruby-#{::Process.pid}-#{fault.object_id}"
      call("TESTING", "FAULT", "ADD", name, *fault_words(fault))
      begin
        yield
      ensure
        call("TESTING", "FAULT", "DEL", name)
      end
    end

    # Records commands and replies of clients while the block runs, and returns the
    # Recording. With scripts: true it has what scripts call too,
    # with spaces: true what clients in the spaces of the server do.
    def record(scripts: false, spaces: false)
      call("TESTING", "RECORD", "START", *("SCRIPTS" if scripts), *("SPACES" if spaces))
      begin
        yield
      ensure
        call("TESTING", "RECORD", "STOP")
      end
      Recording.new(self)
    end

    # Sets rules of strict mode, which finds what works in tests but fails in
    # production: strict("all warn", "large-reads error 100").
    def strict(*rules)
      rules.each { |rule| call("TESTING", "STRICT", "SET", *rule.split) }
    end

    # Returns what strict mode has found since the start or reset_strict: hashes
    # with rule, level, command, message, line, client, count, and first, a Time
    # on the clock of the server.
    def strict_report
      call("TESTING", "STRICT", "REPORT").map do |fields|
        found = fields.each_slice(2).to_h.transform_keys(&:to_sym)
        found.merge(first: Time.at(0, found[:first], :millisecond))
      end
    end

    # Raises a StrictError if strict mode has warned since the start or the last
    # reset. A test that expects warnings calls reset_strict.
    def check_strict
      warnings = strict_report.select { |found| found[:level] == "warn" }
      return if warnings.empty?

      lines = warnings.map do |found|
        times = " (#{found[:count]} times)" if found[:count] > 1
        "#{found.values_at(:rule, :line, :message).join(": ")}#{times}"
      end
      raise StrictError, ["strict mode warns of what the test has done:", *lines].join("\n  ")
    end

    # Forgets what strict mode has found. The rules stay.
    def reset_strict
      call("TESTING", "STRICT", "RESET")
    end

    # Returns the URL of a private server behind this port. Clients that connect
    # with it have their own data, time, users and faults. It needs the directive
    # "spaces yes".
    def space_url(name)
      "redis://#{ERB::Util.url_encode("space:#{name}")}:x@#{address}/0"
    end

    # Adds data: the content of an RDB file, JSON, or commands as redis-cli reads them.
    def load(data)
      call("TESTING", "LOAD", data)
    end

    # Adds the data of a file.
    def load_file(path)
      load(File.binread(path))
    end

    # Returns all data as commands that make them again, in a stable order.
    def dump
      call("TESTING", "DUMP")
    end

    private

    def connect_to(host, port)
      @host = host
      @port = port
      @connection = nil
      @process = nil
      @mutex = Mutex.new
    end

    def disconnect
      @connection&.close
      @connection = nil
    end

    def address
      "#{host.include?(":") ? "[#{host}]" : host}:#{port}"
    end

    def fault_words(fault)
      unknown = fault.keys - CONDITIONS - MOMENTS - ACTIONS.keys
      raise ArgumentError, "a fault has no #{unknown.first}" unless unknown.empty?

      actions = fault.slice(*ACTIONS.keys)
      raise ArgumentError, "a fault needs exactly one of #{ACTIONS.keys.join(", ")}" unless actions.size == 1

      name, value = actions.first
      fault.slice(*CONDITIONS).flat_map { |condition, of| [condition.to_s.upcase, of] } +
        fault.slice(*MOMENTS).flat_map { |condition, time| [condition.to_s.upcase, (time.to_r * 1000).round] } +
        ["DO", *ACTIONS[name].call(value)]
    end
  end

  # A server in the process of the one that it was forked from.
  class Fork
    include Controls

    def initialize(host, port)
      @owner = Connection.new(host, port) # the fork ends with it
      @name = @owner.call("TESTING", "FORK")
      host, _, port = @name.rpartition(":")
      connect_to(host.delete("[]"), Integer(port))
    end

    # Ends the fork. Calling it again does nothing.
    def stop
      return unless @owner

      disconnect
      @owner.call("TESTING", "CLOSE", @name)
    rescue SystemCallError, IOError, ReplyError
      # It is gone already, alone or with its server.
    ensure
      @owner&.close
      @owner = nil
    end
  end
end
