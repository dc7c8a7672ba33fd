const { test, before, after } = require('node:test')
const assert = require('node:assert')
const Redis = require('ioredis')
const { createCluster } = require('redis')

// Against the nodes of $REDIS_CLUSTER, if there are some.
const nodes = (process.env.REDIS_CLUSTER || '').split(',').filter(Boolean)
  .map(a => ({ host: a.slice(0, a.lastIndexOf(':')), port: Number(a.slice(a.lastIndexOf(':') + 1)) }))

if (nodes.length) {
  const io = new Redis.Cluster(nodes.slice(0, 1))
  const redis = createCluster({ rootNodes: [{ url: `redis://${nodes[0].host}:${nodes[0].port}` }] })
  before(() => redis.connect())
  after(async () => { io.disconnect(); await redis.close() })

  test('ioredis: keys of all nodes', async () => {
    for (let i = 0; i < 50; i++) assert.equal(await io.set(`io${i}`, i), 'OK')
    for (let i = 0; i < 50; i++) assert.equal(await io.get(`io${i}`), String(i))
    assert.equal(io.nodes('master').length, nodes.length)
    const replies = await io.pipeline().set('{t}a', 1).incr('{t}a').exec()
    assert.deepEqual(replies, [[null, 'OK'], [null, 2]])
    await assert.rejects(io.mget('a', 'b'), /CROSSSLOT/)
  })

  test('ioredis: a slot that moves', async () => {
    const slot = await io.cluster('KEYSLOT', '{io}')
    const masters = io.nodes('master')
    const info = await Promise.all(masters.map(async n => ({ n, id: await n.cluster('MYID'), slots: await n.cluster('NODES') })))
    const mine = line => line.includes('myself') && line.split(' ').slice(8).some(r => {
      const [a, b = a] = r.split('-').map(Number)
      return a <= slot && slot <= b
    })
    const old = info.find(m => m.slots.split('\n').some(mine))
    const next = info.find(m => m !== old)
    await next.n.cluster('SETSLOT', slot, 'IMPORTING', old.id)
    await old.n.cluster('SETSLOT', slot, 'MIGRATING', next.id)
    assert.equal(await io.set('{io}x', 'there'), 'OK')
    assert.equal(await io.get('{io}x'), 'there')
    for (const m of [next, old]) await m.n.cluster('SETSLOT', slot, 'NODE', next.id)
    assert.equal(await io.get('{io}x'), 'there')
  })

  test('node-redis: keys of all nodes', async () => {
    for (let i = 0; i < 50; i++) assert.equal(await redis.set(`nr${i}`, String(i)), 'OK')
    for (let i = 0; i < 50; i++) assert.equal(await redis.get(`nr${i}`), String(i))
    assert.deepEqual(await redis.multi().set('{t}n', '1').incr('{t}n').exec(), ['OK', 2])
  })

  test('node-redis: sharded pub/sub', async () => {
    const message = new Promise(resolve => redis.sSubscribe('shard', (m, c) => resolve([c, m])))
    await new Promise(resolve => setImmediate(resolve))
    while (await redis.sPublish('shard', 'hello') === 0);
    assert.deepEqual(await message, ['shard', 'hello'])
  })
}
