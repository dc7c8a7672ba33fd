# frozen_string_literal: true

module RespServer
  # The server did not start. The message ends with what it logged.
  class StartError < StandardError; end

  # Returns the path of the binary: RESP_SERVER_BINARY if it is set, else that of this gem.
  def self.binary
    chosen = ENV.fetch("RESP_SERVER_BINARY", "")
    unless chosen.empty?
      raise StartError, "RESP_SERVER_BINARY names #{chosen}, which is no file" unless File.file?(chosen)

      return chosen
    end
    names = %w[resp-server resp-server.exe].map { |name| File.expand_path("../../libexec/#{name}", __dir__) }
    path = names.find { |name| File.file?(name) }
    path or raise StartError, "there is no resp-server gem with a binary for #{RUBY_PLATFORM}: " \
                              "set RESP_SERVER_BINARY to a binary"
  end
end
