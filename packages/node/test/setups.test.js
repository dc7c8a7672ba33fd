'use strict'

const { test } = require('node:test')
const assert = require('node:assert')

const Redis = require('ioredis')

const { useServer, globalSetup, globalTeardown } = require('../lib/node-test.js')
const jestSetup = require('../lib/jest-setup.js')
const jestTeardown = require('../lib/jest-teardown.js')

// lives sees that REDIS_URL works until the teardown.
async function lives(teardown) {
  const redis = new Redis(process.env.REDIS_URL, { retryStrategy: null })
  assert.equal(await redis.ping(), 'PONG')
  const ended = new Promise(resolve => redis.once('end', resolve))
  await teardown()
  await ended
}

test('Vitest', async () => {
  const { default: setup } = await import('../lib/vitest.mjs')
  const provided = {}
  const teardown = await setup({ provide: (name, value) => (provided[name] = value) })
  assert.deepEqual(provided, { redisUrl: process.env.REDIS_URL })
  await lives(teardown)
})

test('Jest', async () => {
  await jestSetup({}, {})
  await lives(jestTeardown)
})

test('the global set-up of node:test', async () => {
  await globalSetup()
  await lives(globalTeardown)
})

test('useServer', async t => {
  const server = useServer()
  for (let i = 0; i < 2; i++) {
    await t.test(`empty ${i}`, async () => assert.equal(await server().call('INCR', 'n'), 1))
  }
})
