import assert from 'node:assert'
import { afterEach, beforeEach, test } from 'node:test'
import Redis from 'ioredis'
import { useServer } from 'resp-server/node-test'

const server = useServer() // one for this file; each test finds it empty
let redis
beforeEach(() => (redis = new Redis(server().url)))
afterEach(() => redis.disconnect())

test('a lock ends with its lease', async () => {
  assert.equal(await redis.set('lock', 'me', 'EX', 60, 'NX'), 'OK')
  assert.equal(await redis.set('lock', 'you', 'EX', 60, 'NX'), null)
  await server().clock.advance(60_000)
  assert.equal(await redis.set('lock', 'you', 'EX', 60, 'NX'), 'OK')
})

test('a command whose reply is lost is executed twice', async () => {
  const fault = await server().inject({ command: 'INCR', close: 'after', times: 1 })
  await redis.incr('visits') // ioredis connects again, and sends it again
  await fault.remove()
  assert.equal(await redis.get('visits'), '2')
})
