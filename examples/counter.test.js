const { spawn } = require('node:child_process')
const { test } = require('node:test')
const { text } = require('node:stream/consumers')
const assert = require('node:assert')
const Redis = require('ioredis')

test('counts', async () => {
  const server = spawn('resp-server', ['--port', '0', '--exit-with-parent', '--ready-file', '3'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const errors = text(server.stderr)
  const ready = await text(server.stdio[3]) // one line when connections are accepted, none if it failed
  if (!ready) throw new Error(await errors) // why it did not start
  const redis = new Redis(JSON.parse(ready).port)
  assert.equal(await redis.incr('visits'), 1)
  assert.equal(await redis.incr('visits'), 2)
  redis.disconnect()
  server.kill()
})
