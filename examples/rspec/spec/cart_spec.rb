require "redis"
require "resp_server/rspec"
require_relative "../cart"

RSpec.describe Cart, :resp_server do
  subject(:cart) { described_class.new(redis, "ann") }

  let(:redis) { Redis.new(url: redis_url) }

  it "adds up" do
    cart.add("tea")
    cart.add("tea", 2)
    expect(cart.articles).to eq("tea" => 3)
  end

  it "begins empty" do
    expect(cart.articles).to be_empty
  end

  it "is forgotten" do
    cart.add("tea")
    resp_server.clock.advance(30 * 60) # no sleep
    expect(cart.articles).to be_empty
  end
end
