const { spawn } = require('node:child_process')
const { test } = require('node:test')
const assert = require('node:assert')
const Redis = require('ioredis')

test('counts', async () => {
  const server = spawn('resp-server', ['--port', '0', '--exit-with-parent', '--ready-file', '3'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const [ready] = await server.stdio[3].toArray() // one line, when connections are accepted
  const redis = new Redis(JSON.parse(ready).port)
  assert.equal(await redis.incr('visits'), 1)
  assert.equal(await redis.incr('visits'), 2)
  redis.disconnect()
  server.kill()
})
