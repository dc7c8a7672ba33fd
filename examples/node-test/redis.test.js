import assert from 'node:assert'
import { test } from 'node:test'
import { createClient } from 'redis'
import { start } from 'resp-server'

test('a job comes to the one who waits', async t => {
  const server = await start()
  const worker = await createClient({ url: server.url }).connect()
  const shop = await createClient({ url: server.url }).connect()
  t.after(async () => {
    await Promise.all([worker.close(), shop.close()])
    await server.stop()
  })

  const job = worker.blPop('jobs', 60)
  await shop.rPush('jobs', 'send mail')
  assert.deepEqual({ ...(await job) }, { key: 'jobs', element: 'send mail' })
})
