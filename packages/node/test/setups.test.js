'use strict'

const { test } = require('node:test')
const assert = require('node:assert')

const Redis = require('ioredis')

const { useServer, globalSetup, globalTeardown } = require('../lib/node-test.js')
const { workerUrl } = require('../lib/index.js')
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

test('a worker has a space of its own', async () => {
  await globalSetup()
  const { JEST_WORKER_ID } = process.env
  try {
    const [one, two] = ['1', '2'].map(id => {
      process.env.JEST_WORKER_ID = id
      return new Redis(workerUrl())
    })
    await one.set('k', 'v')
    assert.equal(await two.get('k'), null)
    await two.flushall()
    assert.equal(await one.get('k'), 'v')
    one.disconnect()
    two.disconnect()
  } finally {
    if (JEST_WORKER_ID === undefined) delete process.env.JEST_WORKER_ID
    await globalTeardown()
  }
  delete process.env.REDIS_URL
  assert.throws(workerUrl, /global set-up/)
})

test('useServer', async t => {
  const server = useServer()
  for (let i = 0; i < 2; i++) {
    await t.test(`empty ${i}`, async () => assert.equal(await server().call('INCR', 'n'), 1))
  }
})
