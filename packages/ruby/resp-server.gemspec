# frozen_string_literal: true

require_relative "lib/resp_server/version"

Gem::Specification.new do |spec|
  spec.name = "resp-server"
  spec.version = RespServer::VERSION
  spec.summary = "A Redis-compatible server for tests and development: one gem, no Docker, no Redis."
  spec.homepage = "https://github.com/resp-server/resp-server"
  spec.license = "MIT"
  spec.authors = ["The resp-server authors"]
  spec.required_ruby_version = ">= 3.0"
  spec.metadata = { "source_code_uri" => spec.homepage, "rubygems_mfa_required" => "true" }
  spec.files = Dir["lib/**/*.rb", "exe/*", "libexec/*", "README.md", "LICENSE"]
  spec.bindir = "exe"
  spec.executables = ["resp-server"]
  # packages/build puts the binary into libexec, and says for which platform it is.
  spec.platform = ENV.fetch("RESP_SERVER_PLATFORM") unless Dir["libexec/*"].empty?
end
