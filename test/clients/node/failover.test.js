const { test } = require('node:test')
const assert = require('node:assert')
const Redis = require('ioredis')

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

if (nodes.length) {
  test('ioredis: a master dies', { timeout: 120000 }, async () => {
    const io = new Redis.Cluster(nodes, { clusterRetryStrategy: () => 100, redisOptions: { connectTimeout: 2000 } })
    await through('{a}n', () => io.incr('{a}n'))
    io.disconnect()
  })
}
