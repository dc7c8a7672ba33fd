# frozen_string_literal: true

require "rspec/core"

require "resp_server/each_test"

# For RSpec: groups with the metadata :resp_server have resp_server and
# redis_url, which are of a server for each example.
#
#   RSpec.describe Counter, :resp_server do
#     it("counts") { expect(Redis.new(url: redis_url).incr("visits")).to eq 1 }
#   end
RSpec.configure do |config|
  config.include RespServer::EachTest, :resp_server
  config.after(:each, :resp_server) do |example|
    show_log(example.full_description) if example.exception
    stop_resp_server
  end
end
