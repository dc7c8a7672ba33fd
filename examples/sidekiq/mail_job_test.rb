require "minitest/autorun"
require "resp_server/minitest"
require "sidekiq/api"
require_relative "mail_job"

class MailJobTest < Minitest::Test
  include RespServer::Minitest

  def setup
    Sidekiq.configure_client { |config| config.redis = { url: redis_url } }
  end

  def test_a_job_waits_in_its_queue
    MailJob.perform_async("ann")
    assert_equal [["ann"]], Sidekiq::Queue.new.map(&:args)
  end

  def test_a_job_for_tomorrow_waits_in_the_schedule
    MailJob.perform_in(24 * 60 * 60, "ann")
    assert_equal 0, Sidekiq::Queue.new.size
    assert_equal 1, Sidekiq::ScheduledSet.new.size
  end

  def test_a_worker_does_it
    MailJob.perform_async("ben")
    worker = spawn({ "REDIS_URL" => redis_url }, "sidekiq", "-r", File.join(__dir__, "mail_job.rb"), "-c", "1", out: File::NULL)
    assert_equal %w[sent ben], resp_server.call("BRPOP", "sent", 60)
  ensure
    Process.kill(:TERM, worker)
    Process.wait(worker)
  end
end
