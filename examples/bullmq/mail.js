import { Queue, Worker } from 'bullmq'

export const mailQueue = connection => new Queue('mail', { connection })

/** Sends the mails of the queue with a function; what fails is tried three times. */
export const mailWorker = (connection, send) => new Worker('mail', job => send(job.data), { connection })

export const welcome = (queue, user) =>
  queue.add('welcome', { to: user }, { attempts: 3, backoff: { type: 'fixed', delay: 10 } })
