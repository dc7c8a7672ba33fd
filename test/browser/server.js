// Starts servers of the binary, and speaks to them.

import { spawn } from 'node:child_process'
import net from 'node:net'

const binary = process.env.RESP_SERVER

// start starts a server with an inspector, and returns what its ready file says, with
// a client.
export async function start(...args) {
  const process = spawn(binary, ['--port', '0', '--dir', '', '--save', '', '--inspector', '--exit-with-parent', '--ready-file', '3', ...args],
    { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  let text = ''
  for await (const chunk of process.stdio[3]) text += chunk
  const ready = JSON.parse(text)
  const [page, token] = ready.inspector.split('/#token=')
  const client = await connect(ready.port)
  return {
    ...ready, page, token, client,
    async close() {
      client.close()
      process.kill()
      await new Promise(resolve => process.on('exit', resolve))
    },
  }
}

// connect opens a connection. Its call sends a command and returns the reply as text,
// as far as these tests need it.
export async function connect(port) {
  const socket = net.connect(port, '127.0.0.1')
  await new Promise((resolve, reject) => { socket.once('connect', resolve); socket.once('error', reject) })
  let received = Buffer.alloc(0)
  const waiting = []
  socket.on('data', chunk => {
    received = Buffer.concat([received, chunk])
    for (let end; waiting.length && (end = endOf(received, 0)) > 0; received = received.subarray(end)) waiting.shift()(received.subarray(0, end).toString())
  })
  return {
    call(...words) {
      const parts = [Buffer.from(`*${words.length}\r\n`)]
      for (const w of words) {
        const b = Buffer.isBuffer(w) ? w : Buffer.from(String(w))
        parts.push(Buffer.from(`$${b.length}\r\n`), b, Buffer.from('\r\n'))
      }
      socket.write(Buffer.concat(parts))
      return new Promise(resolve => waiting.push(resolve))
    },
    close() { socket.destroy() },
  }
}

// endOf returns where the reply ends that begins at i, -1 if it is not complete.
function endOf(b, i) {
  const line = b.indexOf('\r\n', i)
  if (line < 0) return -1
  const n = Number(b.subarray(i + 1, line))
  if (b[i] === 36) return n < 0 ? line + 2 : b.length >= line + 2 + n + 2 ? line + 2 + n + 2 : -1 // $
  if (b[i] !== 42) return line + 2
  let at = line + 2
  for (let j = 0; j < n; j++) {
    at = endOf(b, at)
    if (at < 0) return -1
  }
  return at
}

// fill makes data of each kind, as a shop has them.
export async function fill(client) {
  const say = (...lines) => Promise.all(lines.map(l => client.call(...l)))
  for (let i = 1; i <= 12; i++) {
    await say(['HSET', `user:${i}`, 'name', ['Ann', 'Ben', 'Cid', 'Dora', 'Emil', 'Finn', 'Gala', 'Hugo', 'Ines', 'Jan', 'Kim', 'Lea'][i - 1], 'visits', i * 7, 'mail', `user${i}@example.com`],
      ['SET', `session:${i * 7919}`, JSON.stringify({ user: i, cart: [{ id: 17, count: 2 }, { id: 4, count: 1 }], csrf: 'b7e1' }), 'EX', 600 + i * 311])
  }
  await say(['HSET', 'user:1', 'coupon', 'SPRING', 'otp', '481516'], ['HEXPIRE', 'user:1', 90, 'FIELDS', 1, 'otp'], ['HEXPIRE', 'user:1', 86400, 'FIELDS', 1, 'coupon'],
    ['RPUSH', 'queue:mail', 'welcome:1', 'welcome:2', 'invoice:17'], ['SADD', 'tags:article:1', 'go', 'redis', 'testing'],
    ['ZADD', 'board:weekly', 181, 'ann', 155, 'ben', 240.5, 'cid', 12, 'dora'],
    ['PFADD', 'visitors:2026-11', ...Array.from({ length: 900 }, (_, i) => 'v' + i)], ['SET', 'photo:17', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 255, 254])],
    ['SET', 'greeting', 'hello, world'], ['SET', 'counter:visits', 90125])
  for (let i = 0; i < 400; i++) await client.call('SETBIT', 'active:today', (i * i * 13) % 4000, 1)
  for (let i = 1; i <= 8; i++) await client.call('XADD', 'orders', '*', 'item', ['apples', 'pears', 'plums'][i % 3], 'count', i)
  await say(['XGROUP', 'CREATE', 'orders', 'shipping', '0'], ['XREADGROUP', 'GROUP', 'shipping', 'worker-1', 'COUNT', 3, 'STREAMS', 'orders', '>'],
    ['XREADGROUP', 'GROUP', 'shipping', 'worker-2', 'COUNT', 2, 'STREAMS', 'orders', '>'])
  await say(['EVAL', "local n = redis.call('INCR', KEYS[1])\nreturn n * 2", 1, 'counter:scripted'],
    ['FUNCTION', 'LOAD', "#!lua name=shop\nredis.register_function('total', function(keys, args)\n  return redis.call('HGET', keys[1], 'visits')\nend)"])
}
