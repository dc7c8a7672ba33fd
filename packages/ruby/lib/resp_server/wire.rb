# frozen_string_literal: true

require "socket"

module RespServer
  # An error that the server replied.
  class ReplyError < StandardError; end

  # A connection that speaks RESP, for the test controls: no client is needed.
  class Connection
    def initialize(host, port)
      @socket = TCPSocket.new(host, port)
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    end

    def call(*words)
      request = +"*#{words.size}\r\n".b
      words.each do |word|
        data = word.to_s.b
        request << "$#{data.bytesize}\r\n" << data << "\r\n"
      end
      @socket.write(request)
      reply = read
      raise reply if reply.is_a?(ReplyError)

      reply
    end

    def close
      @socket.close
    end

    private

    def read
      line = @socket.gets("\r\n") or raise EOFError, "the server closed the connection"
      rest = line[1..].chomp
      case line[0]
      when "+" then rest
      when "-" then ReplyError.new(rest)
      when ":" then Integer(rest)
      when "$" then text(Integer(rest))
      when "*" then list(Integer(rest))
      else raise IOError, "unexpected reply #{line.inspect}"
      end
    end

    # Returns a string in UTF-8, or in binary if its bytes are not UTF-8.
    def text(size)
      return nil if size.negative?

      data = @socket.read(size + 2)
      raise EOFError, "the server closed the connection" if data.nil? || data.bytesize < size + 2

      text = data.byteslice(0, size).force_encoding(Encoding::UTF_8)
      text.valid_encoding? ? text : text.b
    end

    def list(size)
      size.negative? ? nil : Array.new(size) { read }
    end
  end
end
