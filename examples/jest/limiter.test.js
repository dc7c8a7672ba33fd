const Redis = require('ioredis')
const { workerUrl } = require('resp-server')
const { Limiter } = require('./limiter.js')

const redis = new Redis(workerUrl()) // each worker has a space of its own on the one server
beforeEach(() => redis.flushall())
afterAll(() => redis.disconnect())

test('allows until the limit', async () => {
  const limiter = new Limiter(redis, 2)
  expect(await limiter.allow('ann')).toBe(true)
  expect(await limiter.allow('ann')).toBe(true)
  expect(await limiter.allow('ann')).toBe(false)
  expect(await limiter.allow('ben')).toBe(true)
})

test('allows again after a minute', async () => {
  const limiter = new Limiter(redis, 1)
  expect(await limiter.allow('ann')).toBe(true)
  expect(await limiter.allow('ann')).toBe(false)
  await redis.call('TESTING', 'CLOCK', 'ADVANCE', 60_000) // of this space alone
  expect(await limiter.allow('ann')).toBe(true)
})
