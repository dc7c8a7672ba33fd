'use strict'
// Needs RESP_SERVER_BINARY, and npm ci in this directory.

const { test } = require('node:test')
const assert = require('node:assert')
const { execFile, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')

const Redis = require('ioredis')
const { createClient } = require('redis')

const { start, ReplyError, StartError } = require('..')

const bin = path.join(__dirname, '..', 'bin', 'resp-server.js')

/** Starts a server that ends with the test. */
async function started(t, options) {
  const server = await start(options)
  t.after(() => server.stop())
  return server
}

/** A connection that waits for its end. */
async function connected(port) {
  const socket = net.connect(port, '127.0.0.1')
  socket.write('PING\r\n')
  await once(socket, 'data') // now it is accepted, so that its end is no reset
  return { closed: once(socket.resume(), 'close') }
}

function tempDir(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'resp-server-test-'))
  t.after(() => fs.rmSync(dir, { recursive: true }))
  return dir
}

test('start and stop', async () => {
  const server = await start()
  assert.ok(server.port > 0)
  assert.equal(server.url, `redis://127.0.0.1:${server.port}/0`)
  assert.equal(await server.call('PING'), 'PONG')
  assert.match(server.log(), /Ready to accept connections/)
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  assert.throws(() => process.kill(server.pid, 0), { code: 'ESRCH' })
  assert.match(server.log(), /Ready to accept connections/)
  await assert.rejects(server.call('PING'))
})

test('ESM', async () => {
  const esm = await import('../lib/index.mjs')
  assert.equal(esm.start, start)
  assert.equal(esm.ReplyError, ReplyError)
})

test('Symbol.asyncDispose', { skip: !Symbol.asyncDispose && 'this Node has none' }, async () => {
  const server = await start()
  const { closed } = await connected(server.port)
  await server[Symbol.asyncDispose]()
  await closed
})

test('several at once', async t => {
  const [one, two] = await Promise.all([started(t), started(t)])
  assert.notEqual(one.port, two.port)
  await one.call('SET', 'k', 1)
  assert.equal(await two.call('GET', 'k'), null)
})

test('ioredis', async t => {
  const server = await started(t)
  const redis = new Redis(server.url)
  t.after(() => redis.disconnect())
  await redis.set('foo', 'bar', 'EX', 3600)
  assert.equal(await redis.get('foo'), 'bar')
  await server.clock.advance(3600_000)
  assert.equal(await redis.get('foo'), null)
})

test('node-redis', async t => {
  const server = await started(t)
  const redis = await createClient({ url: server.url }).connect()
  await redis.set('foo', 'bar')
  assert.equal(await redis.get('foo'), 'bar')
  redis.destroy() // it reports the end of the server as an error
})

test('replies', async t => {
  const server = await started(t)
  const bytes = Buffer.from([0, 255, 13, 10])
  assert.equal(await server.call('SET', 'k', bytes), 'OK')
  assert.deepEqual(await server.call('GET', 'k'), bytes)
  assert.equal(await server.call('SET', 'k', '\ufeffé'), 'OK')
  assert.equal(await server.call('GET', 'k'), '\ufeffé')
  assert.equal(await server.call('GET', 'none'), null)
  assert.equal(await server.call('INCRBY', 'n', 2n ** 62n), 2n ** 62n)
  assert.deepEqual(await server.call('EVAL', 'return {1, {}, {"a", {false}}}', 0), [1, [], ['a', [null]]])
  await assert.rejects(server.call('LPUSH', 'k', 'x'), error => error instanceof ReplyError && /^WRONGTYPE/.test(error.message))
  const big = 'x'.repeat(1 << 20)
  const replies = await Promise.all([server.call('SET', 'big', big), server.call('GET', 'big'), server.call('PING')])
  assert.deepEqual(replies, ['OK', big, 'PONG'])
})

test('settings', async t => {
  const server = await started(t, { config: { maxmemory: '100mb', save: '900 1 300 10', appendonly: false, maxclients: 77 } })
  assert.deepEqual(await server.call('CONFIG', 'GET', 'maxmemory'), ['maxmemory', '104857600'])
  assert.deepEqual(await server.call('CONFIG', 'GET', 'save'), ['save', '900 1 300 10'])
  assert.deepEqual(await server.call('CONFIG', 'GET', 'maxclients'), ['maxclients', '77'])
})

test('what is wrong with a start', async t => {
  await assert.rejects(start({ config: { maxclients: 'many' } }), error => error instanceof StartError && /maxclients/.test(error.message))
  await assert.rejects(start({ maxmemory: '1mb' }), /start has no option maxmemory/)
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  await assert.rejects(start({ port: taken.address().port }), /in use/)
})

test('no binary', async t => {
  const binary = process.env.RESP_SERVER_BINARY
  t.after(() => (process.env.RESP_SERVER_BINARY = binary))
  process.env.RESP_SERVER_BINARY = path.join(__dirname, 'nosuch')
  await assert.rejects(start(), /RESP_SERVER_BINARY names .*nosuch, which is no file/)
  delete process.env.RESP_SERVER_BINARY
  await assert.rejects(start(), /no package @resp-server\//)
})

test('files are kept in a dir only', async t => {
  const dir = tempDir(t)
  for (let i = 0; i < 2; i++) {
    const server = await started(t, { config: { dir } })
    assert.equal(await server.call('INCR', 'starts'), i + 1)
    await server.call('SAVE')
    await server.stop()
  }
  assert.deepEqual(fs.readdirSync(dir), ['dump.rdb'])
})

test('the last save on Windows', async t => {
  const dir = tempDir(t)
  const code = `
    Object.defineProperty(process, 'platform', { value: 'win32' }) // where a signal is the end
    const { start } = require('.')
    void (async () => {
      const saving = await start({ config: { dir: ${JSON.stringify(dir)}, save: '3600 1' } })
      await saving.call('SET', 'k', 'v')
      await saving.stop()
      const closed = await start({ config: { requirepass: 'secret' } })
      await closed.stop()
      console.log(saving.log().includes('bye bye'))
    })()`
  const options = { cwd: path.join(__dirname, '..'), env: { ...process.env, TEMP: os.tmpdir() } }
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], options)
  assert.equal(stdout, 'true\n')
  assert.deepEqual(fs.readdirSync(dir), ['dump.rdb'])
})

test('fixtures from the start', async t => {
  const file = path.join(tempDir(t), 'fixture.txt')
  fs.writeFileSync(file, 'SET k before\n')
  const server = await started(t, { load: [file] })
  await server.load('SET other 1\n')
  assert.equal(await server.dump(), 'SET k before\nSET other 1\n')
  await server.reset()
  assert.equal(await server.dump(), 'SET k before\n')
})

test('a Unix socket', { skip: process.platform === 'win32' && 'Windows' }, async t => {
  const file = path.join(tempDir(t), 's')
  await started(t, { unixsocket: file })
  const redis = new Redis(file)
  t.after(() => redis.disconnect())
  assert.equal(await redis.ping(), 'PONG')
})

// run starts Node with code that prints a port once a server runs.
async function run(code) {
  const parent = spawn(process.execPath, ['-e', code], { cwd: path.join(__dirname, '..'), stdio: ['pipe', 'pipe', 'inherit'] })
  const [data] = await once(parent.stdout, 'data')
  return { parent, exit: once(parent, 'exit'), port: Number(data) }
}

test('the server ends with a killed parent', async () => {
  const { parent, port } = await run(`require('.').start().then(s => console.log(s.port)); process.stdin.resume()`)
  const { closed } = await connected(port)
  parent.kill('SIGKILL')
  await closed
})

test('a server that nobody stops does not keep the process alive', async () => {
  const { exit } = await run(`require('.').start().then(async s => { await s.call('PING'); console.log(s.port) })`)
  assert.deepEqual(await exit, [0, null])
})

test('a stop at the end is waited for', async () => {
  const { exit } = await run(`
    require('.').start().then(async s => {
      console.log(s.port)
      await s.stop()
      try { process.kill(s.pid, 0) } catch { process.exit(7) }
    })`)
  assert.deepEqual(await exit, [7, null])
})

test('the command', async t => {
  const version = spawn(process.execPath, [bin, '--version'])
  const [data] = await once(version.stdout, 'data')
  assert.match(String(data), /^Redis server v=/)
  assert.deepEqual(await once(version, 'exit'), [0, null])

  const file = path.join(tempDir(t), 'dump.rdb')
  const server = spawn(process.execPath, [bin, '--port', '0', '--dir', path.dirname(file), '--save', '900 1', '--ready-file', '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(server, 'exit')
  let out = ''
  for await (const chunk of server.stdout) if (/"port":\d+/.test((out += chunk))) break
  const redis = new Redis(Number(/"port":(\d+)/.exec(out)[1]))
  await redis.set('k', 'v')
  redis.disconnect()
  server.kill('SIGINT')
  assert.deepEqual(await exit, [0, null])
  assert.ok(fs.existsSync(file), 'the data were saved')
})
