'use strict'

const { test } = require('node:test')
const assert = require('node:assert')

const Redis = require('ioredis')

const { ReplyError } = require('..')
const { useServer } = require('../lib/node-test.js')

const server = useServer({ config: { spaces: true } })

test('the clock', async () => {
  const { clock } = server()
  await clock.freeze()
  const begin = await clock.now()
  await clock.advance(90_000)
  assert.equal((await clock.now()) - begin, 90_000)
  await clock.set(new Date('2030-01-01T00:00:00Z'))
  assert.equal((await clock.now()).toISOString(), '2030-01-01T00:00:00.000Z')
  await clock.resume()
  assert.ok((await clock.now()) >= new Date('2030-01-01T00:00:00Z'))
})

test('a blocked client has its reply when the clock was moved', async t => {
  const redis = new Redis(server().url)
  t.after(() => redis.disconnect())
  const popped = redis.blpop('queue', 60)
  while (!/blocked_clients:1/.test(await server().call('INFO', 'clients')));
  await server().clock.advance(60_000)
  assert.equal(await popped, null)
})

test('snapshots', async () => {
  await server().call('SET', 'k', 'before')
  await server().snapshot()
  await server().snapshot('named')
  await server().call('SET', 'k', 'after')
  await server().restore()
  assert.equal(await server().call('GET', 'k'), 'before')
  await server().reset()
  assert.equal(await server().call('DBSIZE'), 0)
  await server().restore('named')
  assert.equal(await server().call('GET', 'k'), 'before')
  await assert.rejects(server().restore('nosuch'), ReplyError)
})

test('strict mode', async () => {
  await server().strict('all warn', 'large-values error 10')
  await server().clock.freeze()
  await server().call('MSET', 'a', 1, 'b', 2)
  await server().call('MSET', 'a', 1, 'b', 2)
  await assert.rejects(server().call('SET', 'k', 'x'.repeat(11)), /STRICT large-values/)
  const report = await server().strictReport()
  const { client, first, ...rest } = report[0]
  assert.deepEqual(rest, {
    rule: 'cross-slot',
    level: 'warn',
    command: 'mset',
    message: '"a" is in hash slot 15495, "b" in 3300',
    line: 'MSET a 1 b 2',
    count: 2
  })
  assert.match(client, /^127\.0\.0\.1:/)
  assert.equal(+first, +(await server().clock.now()))
  assert.deepEqual(report.slice(1).map(f => [f.rule, f.level]), [['large-values', 'error']])
  await server().resetStrict()
  assert.deepEqual(await server().strictReport(), [])
  await assert.rejects(server().strict('nothing warn'), ReplyError)
  await server().strict('all off')
  await server().clock.resume()
})

test('forks', async () => {
  await server().call('SET', 'k', 'v')
  const fork = await server().fork()
  assert.notEqual(fork.port, server().port)
  const redis = new Redis(fork.url, { retryStrategy: null })
  assert.equal(await redis.get('k'), 'v')
  await redis.set('k', 'changed')
  const inner = await fork.fork()
  assert.equal(await inner.call('GET', 'k'), 'changed')
  await inner.stop()
  assert.equal(await server().call('GET', 'k'), 'v')
  const ended = new Promise(resolve => redis.once('end', resolve))
  await fork.stop()
  await ended
  await fork.stop()
  await assert.rejects(fork.call('PING'))
})

test('faults', async t => {
  const redis = new Redis(server().url, { retryStrategy: null })
  t.after(() => redis.disconnect())
  const busy = await server().inject({ command: 'GET', key: 'user:*', times: 1, error: 'LOADING busy' })
  assert.equal(await redis.get('other'), null)
  await assert.rejects(redis.get('user:1'), /LOADING busy/)
  assert.equal(await redis.get('user:1'), null)
  await busy.remove()

  const lost = await server().inject({ command: 'INCR', close: 'after', probability: 1 })
  await assert.rejects(redis.incr('visits'))
  await lost.remove()
  assert.equal(await server().call('GET', 'visits'), '1')
})

test('every kind of fault is known to the server', async () => {
  const now = new Date()
  for (const action of [
    { error: 'ERR x' }, { delay: 1 }, { close: 'before' }, { cut: 1 }, { blackhole: true }, { trickle: 1 },
    { expire: true }, { evict: true },
  ]) {
    const fault = await server().inject({ user: 'nobody', space: 'nowhere', ...action })
    await fault.remove()
  }
  for (const action of [{ client: 'nobody', refuse: true }, { disk: 'enospc' }, { disk: 'eio' }]) {
    const fault = await server().inject(action)
    await fault.remove()
  }
  const fault = await server().inject({
    command: 'GET', category: 'read', key: 'k', client: 'c', user: 'u', from: 2, every: 2, times: 1, probability: 0.5,
    after: now, before: Number(now) + 1000, error: 'ERR x',
  })
  await fault.remove()
})

test('a fault that is none', async () => {
  await assert.rejects(server().inject({ command: 'GET' }), /a fault needs one of/)
  await assert.rejects(server().inject({ cut: 1, error: 'ERR x' }), /a fault has one action/)
  await assert.rejects(server().inject({ comand: 'GET', cut: 1 }), /no field comand/)
})

test('spaces', async t => {
  const urls = ['a/b', 'ü'].map(name => server().spaceUrl(name))
  const clients = urls.map(url => new Redis(url))
  t.after(() => clients.forEach(client => client.disconnect()))
  await clients[0].set('k', 'v')
  assert.equal(await clients[1].get('k'), null)
  assert.equal(await server().call('GET', 'k'), null)
})

test('a recording', async () => {
  const recording = await server().record()
  await server().call('SET', 'user:1', 'ann')
  await server().call('GET', 'user:1')
  await recording.stop()
  await server().call('GET', 'user:2')
  assert.equal(await recording.count(), 2)
  assert.equal(await recording.count('SET user:* *'), 1)
  assert.ok((await recording.transcript()).includes('> GET user:1\n"ann"\n'))
})
