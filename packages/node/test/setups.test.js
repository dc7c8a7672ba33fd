'use strict'

const { test } = require('node:test')
const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const Redis = require('ioredis')

const { useServer, globalSetup, globalTeardown } = require('../lib/node-test.js')
const { connect, failOnWarnings, workerUrl } = require('../lib/index.js')
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

test('useServer shows the log of the server below a failure', () => {
  const code = `
    const { test } = require('node:test')
    const server = require('./lib/node-test.js').useServer()
    test('fails', () => { throw new Error(server().url) })`
  const { NODE_TEST_CONTEXT, ...env } = process.env // else it reports to this run
  const { stdout } = spawnSync(process.execPath, ['-e', code], { cwd: path.join(__dirname, '..'), env, encoding: 'utf8' })
  assert.match(stdout, /the log of the server:[^]*Ready to accept connections/)
})

test('useServer', async t => {
  const server = useServer()
  for (let i = 0; i < 2; i++) {
    await t.test(`empty ${i}`, async () => assert.equal(await server().call('INCR', 'n'), 1))
  }
})

// failing runs tests that fail in a process of their own, and returns what node:test says.
function failing(text) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'resp-server-'))
  try {
    const file = path.join(folder, 'strict.test.js')
    fs.writeFileSync(file, text)
    const { NODE_TEST_CONTEXT, ...env } = process.env // else it reports to this run
    const run = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { env, encoding: 'utf8' })
    assert.equal(run.status, 1, run.stdout + run.stderr)
    return run.stdout
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

const lib = JSON.stringify(path.join(__dirname, '../lib'))

function seesOneWarning(out) {
  assert.match(out, /^ *not ok 1 - warned$/m)
  assert.match(out, /strict mode warns of what the test has done:/)
  assert.match(out, /cross-slot: MSET a 1 b 2: \\?"a\\?" is in hash slot 15495/)
  for (const name of ['2 - forgotten', '3 - fine']) assert.match(out, new RegExp(`^ *ok ${name}$`, 'm'))
}

test('useServer fails what strict mode warns of', () => {
  seesOneWarning(failing(`
    const { test } = require('node:test')
    const { useServer } = require(${lib} + '/node-test.js')
    const server = useServer({ strict: ['all warn'] })
    test('warned', () => server().call('MSET', 'a', 1, 'b', 2))
    test('forgotten', async () => {
      await server().call('MSET', 'a', 1, 'b', 2)
      await server().resetStrict()
    })
    test('fine', () => server().call('MSET', '{a}1', 1, '{a}2', 2))
  `))
})

test('failOnWarnings fails what strict mode warns of in the space of the worker', () => {
  seesOneWarning(failing(`
    const { test, before, beforeEach, after, afterEach } = require('node:test')
    const { connect, failOnWarnings } = require(${lib})
    const { globalSetup, globalTeardown } = require(${lib} + '/node-test.js')
    before(globalSetup)
    after(globalTeardown)
    failOnWarnings(['all warn'], { beforeEach, afterEach })
    test('warned', () => connect().call('MSET', 'a', 1, 'b', 2))
    test('forgotten', async () => {
      await connect().call('MSET', 'a', 1, 'b', 2)
      await connect().resetStrict()
    })
    test('fine', () => connect().call('MSET', '{a}1', 1, '{a}2', 2))
  `))
})

test('connect has the controls of a space', async () => {
  await globalSetup()
  try {
    const [one, two] = [connect(), connect(workerUrl(process.env.REDIS_URL).replace('worker', 'other'))]
    await one.call('SET', 'k', 'v', 'EX', 100)
    await one.clock.advance(99_000)
    assert.equal(await two.call('GET', 'k'), null)
    assert.equal(await one.call('GET', 'k'), 'v')
    await one.clock.advance(1000)
    assert.equal(await one.call('GET', 'k'), null)
    const fork = await one.fork()
    await fork.call('SET', 'k', 'fork')
    assert.equal(await one.call('GET', 'k'), null)
    await fork.stop()
    await one.stop()
    await two.stop()
    assert.throws(() => connect('rediss://127.0.0.1'), /redis:\/\//)
    assert.throws(() => failOnWarnings(['all warn'], {}), TypeError)
  } finally {
    await globalTeardown()
  }
})
