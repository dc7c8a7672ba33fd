const { test } = require('node:test')
const assert = require('node:assert')
const { createClient } = require('redis')

const port = Number(process.env.REDIS_PORT)

for (const RESP of [2, 3]) {
  test(`RESP${RESP}`, async t => {
    const open = () => createClient({ socket: { port }, RESP }).connect()
    const r = await open()
    t.beforeEach(() => r.flushDb())

    await t.test('strings', async () => {
      assert.equal(await r.ping(), 'PONG')
      assert.equal(await r.set('k', 'v'), 'OK')
      assert.equal(await r.get('k'), 'v')
      assert.deepEqual(await r.mGet(['k', 'nosuch']), ['v', null])
      await assert.rejects(r.incr('k'), /not an integer/)
    })

    await t.test('expiry', async () => {
      await r.setEx('k', 100, 'v')
      const ttl = await r.ttl('k')
      assert.ok(ttl === 99 || ttl === 100)
      await r.pExpire('k', 1)
      while (await r.exists('k'));
      assert.equal(await r.ttl('k'), -2)
    })

    await t.test('lists', async () => {
      assert.equal(await r.rPush('l', ['a', 'b']), 2)
      assert.deepEqual(await r.lRange('l', 0, -1), ['a', 'b'])
      const other = await open()
      const popped = other.blPop('q', 10)
      while (!/blocked_clients:[1-9]/.test(await r.info('clients')));
      await r.rPush('q', 'job')
      assert.deepEqual({ ...await popped }, { key: 'q', element: 'job' })
      other.destroy()
    })

    await t.test('streams', async () => {
      const id = await r.xAdd('s', '*', { k: 'v' })
      await r.xGroupCreate('s', 'g', '0')
      // The shape is the library's; the content is the same in both protocols.
      const got = JSON.stringify(await r.xReadGroup('g', 'me', { key: 's', id: '>' }))
      assert.ok(got.includes(id) && got.includes('"k"'), got)
      assert.equal(await r.xAck('s', 'g', id), 1)
    })

    await t.test('pub/sub', async () => {
      const sub = await open()
      const message = new Promise(resolve => sub.subscribe('news', (...m) => resolve(m)))
      while (await r.publish('news', 'first post') === 0);
      assert.deepEqual(await message, ['first post', 'news'])
      sub.destroy()
    })

    await t.test('pipeline', async () => {
      const replies = await Promise.all(Array.from({ length: 1000 }, (_, i) => r.rPush('l', String(i))))
      assert.equal(replies.at(-1), 1000)
    })

    await t.test('transaction', async () => {
      assert.deepEqual(await r.multi().incr('n').incr('n').exec(), [1, 2])
      const other = await open()
      await other.watch('n')
      await r.set('n', 10)
      await assert.rejects(other.multi().incr('n').exec())
      other.destroy()
    })

    r.destroy()
  })
}
