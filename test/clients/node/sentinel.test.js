const { test } = require('node:test')
const assert = require('node:assert')
const Redis = require('ioredis')

// While the master of $REDIS_SENTINELS is killed, if there are some.
const sentinels = (process.env.REDIS_SENTINELS || '').split(',').filter(Boolean)
  .map(a => ({ host: a.slice(0, a.lastIndexOf(':')), port: Number(a.slice(a.lastIndexOf(':') + 1)) }))
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

if (sentinels.length) {
  test('ioredis: the master dies', { timeout: 120000 }, async () => {
    const asked = new Redis(sentinels[0])
    const master = () => asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster').then(String)
    while ((await asked.call('SENTINEL', 'REPLICAS', 'mymaster')).length < 2) await pause(100)
    const before = await master()
    const io = new Redis({ sentinels, name: 'mymaster', maxRetriesPerRequest: null, sentinelRetryStrategy: () => 100 })
    let promised = 0
    for (let n = 1; n <= 300; n++) {
      assert.equal(await io.incr('n'), n)
      if (n % 10 === 0 && await io.wait(1, 1000) > 0) promised = n
    }
    assert.equal(promised, 300)
    process.kill(Number(process.env.REDIS_MASTER_PID), 'SIGKILL')
    for (let i = 1; i <= 100; i++) assert.ok(await io.incr('n') >= promised + i)
    assert.notEqual(await master(), before)
    io.disconnect()
    asked.disconnect()
  })
}
