import assert from 'node:assert'
import { test } from 'node:test'
import { QueueEvents } from 'bullmq'
import { start } from 'resp-server'
import { mailQueue, mailWorker, welcome } from './mail.js'

test('a mail that fails is sent again', async t => {
  const server = await start()
  const connection = { host: server.host, port: server.port }
  const tries = []
  const queue = mailQueue(connection)
  const events = new QueueEvents('mail', { connection })
  const worker = mailWorker(connection, async mail => {
    tries.push(mail.to)
    if (tries.length === 1) throw new Error('the mail server is busy')
    return 'sent'
  })
  t.after(async () => {
    await Promise.all([queue.close(), events.close(), worker.close()])
    await server.stop()
  })
  await events.waitUntilReady()

  const job = await welcome(queue, 'ann@example.com')
  assert.equal(await job.waitUntilFinished(events), 'sent')
  assert.deepEqual(tries, ['ann@example.com', 'ann@example.com'])
})
