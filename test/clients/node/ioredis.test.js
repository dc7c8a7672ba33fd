const { test, beforeEach, after } = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const Redis = require('ioredis')

const port = Number(process.env.REDIS_PORT)
const options = { port, db: 1 } // the other file uses database 0
const r = new Redis(options)
beforeEach(() => r.flushdb())
after(() => r.disconnect())

test('strings', async () => {
  assert.equal(await r.ping(), 'PONG')
  assert.equal(await r.set('k', 'v', 'EX', 100, 'NX'), 'OK')
  assert.equal(await r.set('k', 'w', 'NX'), null)
  assert.deepEqual(await r.mget('k', 'nosuch'), ['v', null])
  await r.set('b', Buffer.from([0, 255]))
  assert.deepEqual(await r.getBuffer('b'), Buffer.from([0, 255]))
  await assert.rejects(r.incr('k'), /not an integer/)
})

test('expiry', async () => {
  await r.set('k', 'v', 'PX', 100000)
  const ttl = await r.ttl('k')
  assert.ok(ttl === 99 || ttl === 100)
  assert.equal(await r.pexpire('k', 1), 1)
  while (await r.exists('k'));
  assert.equal(await r.ttl('k'), -2)
})

test('lists', async () => {
  assert.equal(await r.rpush('l', 'a', 'b'), 2)
  assert.deepEqual(await r.lrange('l', 0, -1), ['a', 'b'])
  const other = new Redis(options)
  const popped = other.blpop('q', 10)
  while (!/blocked_clients:[1-9]/.test(await r.info('clients')));
  await r.rpush('q', 'job')
  assert.deepEqual(await popped, ['q', 'job'])
  other.disconnect()
})

test('streams', async () => {
  const id = await r.xadd('s', '*', 'k', 'v')
  await r.xgroup('CREATE', 's', 'g', '0')
  assert.deepEqual(await r.xreadgroup('GROUP', 'g', 'me', 'STREAMS', 's', '>'), [['s', [[id, ['k', 'v']]]]])
  assert.equal(await r.xack('s', 'g', id), 1)
})

test('pub/sub', async () => {
  const sub = new Redis(options)
  assert.equal(await sub.subscribe('news-io'), 1)
  const message = new Promise(resolve => sub.on('message', (...m) => resolve(m)))
  assert.equal(await r.publish('news-io', 'first post'), 1)
  assert.deepEqual(await message, ['news-io', 'first post'])
  sub.disconnect()
})

test('pipeline', async () => {
  const p = r.pipeline()
  for (let i = 0; i < 1000; i++) p.rpush('l', i)
  const replies = await p.exec()
  assert.deepEqual(replies.at(-1), [null, 1000])
})

test('transaction', async () => {
  assert.deepEqual(await r.multi().incr('n').incr('n').exec(), [[null, 1], [null, 2]])
  const other = new Redis(options)
  await other.watch('n')
  await r.set('n', 10)
  assert.equal(await other.multi().incr('n').exec(), null)
  other.disconnect()
})

test('TLS', { skip: !process.env.REDIS_TLS_PORT }, async () => {
  const file = name => fs.readFileSync(`${process.env.REDIS_CERTS}/${name}`)
  const connect = tls => new Redis({ port: Number(process.env.REDIS_TLS_PORT), db: 1, retryStrategy: null, lazyConnect: true, tls })
  const encrypted = connect({ ca: file('ca.crt'), cert: file('client.crt'), key: file('client.key') })
  await encrypted.set('k', 'v'.repeat(1_000_000))
  assert.equal((await encrypted.get('k')).length, 1_000_000)
  assert.equal(await r.strlen('k'), 1_000_000)
  encrypted.disconnect()
  const stranger = connect({})
  const failed = new Promise(resolve => stranger.on('error', resolve))
  await assert.rejects(stranger.connect())
  assert.match((await failed).message, /unable to verify|self-signed|unable to get/)
})
