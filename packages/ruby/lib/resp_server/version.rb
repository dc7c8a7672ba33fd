# frozen_string_literal: true

module RespServer
  VERSION = "0.1.0"
end
