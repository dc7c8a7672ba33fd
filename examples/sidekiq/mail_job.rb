require "sidekiq"

class MailJob
  include Sidekiq::Worker # Sidekiq::Job from Sidekiq 6.5 on

  def perform(user)
    Sidekiq.redis { |redis| redis.lpush("sent", user) } # in the place of a mail server
  end
end
