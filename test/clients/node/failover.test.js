const { test } = require('node:test')
const assert = require('node:assert')
const Redis = require('ioredis')
const { createCluster } = require('redis')

// While a master of $REDIS_CLUSTER is killed, if that may be.
const pids = (process.env.REDIS_PIDS || '').split(',').filter(Boolean).map(Number)
const nodes = pids.length ? process.env.REDIS_CLUSTER.split(',')
  .map(a => ({ host: a.slice(0, a.lastIndexOf(':')), port: Number(a.slice(a.lastIndexOf(':') + 1)) })) : []
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

// again repeats a command until it succeeds: clients give up while there is no master.
async function again (f) {
  for (;;) {
    try { return await f() } catch (e) { await pause(50) }
  }
}

// through kills the master of a key while it counts.
async function through (key, incr) {
  const asked = new Redis(nodes[5]) // a replica in the beginning, which no test kills
  const owner = async () => {
    const slot = await asked.cluster('KEYSLOT', key)
    const range = (await asked.cluster('SLOTS')).find(([from, to]) => from <= slot && slot <= to)
    return range[2][1]
  }
  const port = await owner()
  const at = new Redis({ host: nodes[0].host, port })
  for (let n = 1; n <= 300; n++) assert.equal(await again(incr), n)
  await at.set(key, 300)
  assert.ok(await at.wait(1, 5000) > 0) // it is with the replica
  at.disconnect()
  process.kill(pids[nodes.findIndex(n => n.port === port)], 'SIGKILL')
  let last = 300
  for (let i = 1; i <= 100; i++) {
    const n = await again(incr)
    assert.ok(n > last, `${n} after ${last}`)
    last = n
  }
  while (await owner() === port) await pause(50)
  asked.disconnect()
}

const connected = async defaults => {
  const redis = createCluster({ rootNodes: nodes.map(n => ({ url: `redis://${n.host}:${n.port}` })), defaults })
  redis.on('error', () => {}) // of nodes that are gone
  await redis.connect()
  return redis
}

if (nodes.length) {
  test('node-redis: a replica takes over', { timeout: 120000 }, async () => {
    const redis = await connected()
    const asked = new Redis(nodes[5])
    const slot = await asked.cluster('KEYSLOT', '{b}n')
    let range = []
    while (range.length < 4) { // until its replica is known
      await pause(50)
      range = (await asked.cluster('SLOTS')).find(([from, to]) => from <= slot && slot <= to)
    }
    const heir = new Redis({ host: nodes[0].host, port: range[3][1] })
    let last = 0
    const count = async () => {
      const n = await again(() => redis.incr('{b}n'))
      assert.ok(n > last, `${n} after ${last}`)
      last = n
    }
    for (let i = 0; i < 100; i++) await count()
    await again(() => heir.cluster('FAILOVER'))
    while ((await heir.role())[0] !== 'master') await count()
    for (let i = 0; i < 100; i++) await count()
    for (const r of [asked, heir]) r.disconnect()
    await redis.close()
  })

  test('ioredis: a master dies', { timeout: 120000 }, async () => {
    const io = new Redis.Cluster(nodes, { clusterRetryStrategy: () => 100, redisOptions: { connectTimeout: 2000 } })
    await through('{a}n', () => io.incr('{a}n'))
    io.disconnect()
  })

  // node-redis 5.12 asks again who serves a slot only when it is sent elsewhere by
  // MOVED. Its commands for a master that is dead wait for ever, or fail for ever where
  // reconnecting ends: with redis-server 7.4.1 too. A program goes on with a new client.
  test('node-redis: a master dies', { timeout: 120000 }, async () => {
    const options = { socket: { reconnectStrategy: tries => tries < 3 ? 50 : new Error('the node is gone') } }
    let redis = await connected(options)
    await through('{c}n', async () => {
      try { return await redis.incr('{c}n') } catch (e) {
        await redis.close().catch(() => {}) // not all of it is open still
        redis = await connected(options)
        throw e
      }
    })
    await redis.close().catch(() => {})
  })
}
