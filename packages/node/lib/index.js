'use strict'
// A server for tests, and its test controls. The types and what each method
// does are in index.d.ts.

const { findBinary } = require('./binary.js')
const { StartError, launch, end } = require('./process.js')
const { Connection, ReplyError } = require('./wire.js')

// Node 18.0 to 18.17 have no such symbol; TypeScript's output then uses this one.
const asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')

/** Strict mode has warned of what a test has done. */
class StrictError extends Error {
  constructor(message) {
    super(message)
    this.name = 'StrictError'
  }
}

class Clock {
  #server

  constructor(server) {
    this.#server = server
  }

  async advance(milliseconds) {
    await this.#server.call('TESTING', 'CLOCK', 'ADVANCE', Math.round(milliseconds))
  }

  async set(time) {
    await this.#server.call('TESTING', 'CLOCK', 'SET', Math.round(Number(time)))
  }

  async freeze() {
    await this.#server.call('TESTING', 'CLOCK', 'FREEZE')
  }

  async resume() {
    await this.#server.call('TESTING', 'CLOCK', 'RESUME')
  }

  async now() {
    return new Date(await this.#server.call('TESTING', 'CLOCK', 'NOW'))
  }
}

class Recording {
  #server

  constructor(server) {
    this.#server = server
  }

  count(pattern = '...') {
    return this.#server.call('TESTING', 'RECORD', 'COUNT', pattern)
  }

  transcript() {
    return this.#server.call('TESTING', 'RECORD', 'GET')
  }

  async stop() {
    await this.#server.call('TESTING', 'RECORD', 'STOP')
  }

  [asyncDispose]() {
    return this.stop()
  }
}

let faults = 0

/** The test controls, of a server and of a fork. */
class Controls {
  #connection = null

  constructor(host, port) {
    this.host = host
    this.port = port
    this.clock = new Clock(this)
  }

  get url() {
    return `redis://${this.#address}/0`
  }

  get #address() {
    return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`
  }

  call(...words) {
    if (!this.#connection || this.#connection.closed) this.#connection = this.connect()
    return this.#connection.call(words)
  }

  connect() {
    return new Connection(this.host, this.port)
  }

  async snapshot(name = 'default') {
    await this.call('TESTING', 'SNAPSHOT', name)
  }

  async restore(name = 'default') {
    await this.call('TESTING', 'RESTORE', name)
  }

  async reset() {
    await this.call('TESTING', 'RESET')
  }

  async fork() {
    const owner = this.connect()
    try {
      return new Fork(await owner.call(['TESTING', 'FORK']), owner)
    } catch (error) {
      owner.close()
      throw error
    }
  }

  async inject(fault) {
    const name = `node-${process.pid}-${++faults}`
    await this.call('TESTING', 'FAULT', 'ADD', name, ...faultWords(fault))
    const remove = async () => {
      await this.call('TESTING', 'FAULT', 'DEL', name)
    }
    return { remove, [asyncDispose]: remove }
  }

  async strict(...rules) {
    for (const rule of rules) await this.call('TESTING', 'STRICT', 'SET', ...rule.trim().split(/\s+/))
  }

  async strictReport() {
    return (await this.call('TESTING', 'STRICT', 'REPORT')).map(flat => {
      const found = {}
      for (let i = 0; i < flat.length; i += 2) found[flat[i]] = flat[i + 1]
      const { rule, level, command, message, line, client, count, first } = found
      return { rule, level, command, message, line, client, count, first: new Date(first) }
    })
  }

  async resetStrict() {
    await this.call('TESTING', 'STRICT', 'RESET')
  }

  async checkStrict() {
    const warnings = (await this.strictReport()).filter(found => found.level === 'warn')
    if (!warnings.length) return
    const lines = warnings.map(({ rule, line, message, count }) => {
      return `${rule}: ${line}: ${message}${count > 1 ? ` (${count} times)` : ''}`
    })
    throw new StrictError(['strict mode warns of what the test has done:', ...lines].join('\n  '))
  }

  async record({ scripts = false, spaces = false } = {}) {
    await this.call('TESTING', 'RECORD', 'START', ...(scripts ? ['SCRIPTS'] : []), ...(spaces ? ['SPACES'] : []))
    return new Recording(this)
  }

  spaceUrl(name) {
    return `redis://${encodeURIComponent(`space:${name}`)}:x@${this.#address}/0`
  }

  async load(data) {
    await this.call('TESTING', 'LOAD', data)
  }

  dump() {
    return this.call('TESTING', 'DUMP')
  }

  async stop() {
    this.#connection?.close()
    this.#connection = null
  }

  [asyncDispose]() {
    return this.stop()
  }
}

/** A server that lives in the process of another one. */
class Fork extends Controls {
  #name
  #owner // the fork ends with this connection

  constructor(name, owner) {
    const colon = name.lastIndexOf(':')
    super(name.slice(0, colon).replace(/^\[|\]$/g, ''), Number(name.slice(colon + 1)))
    this.#name = name
    this.#owner = owner
  }

  async stop() {
    await super.stop()
    const owner = this.#owner
    if (!owner) return
    this.#owner = null
    try {
      if (!owner.closed) await owner.call(['TESTING', 'CLOSE', this.#name])
    } finally {
      owner.close()
    }
  }
}

class Server extends Controls {
  #running
  #stopping = null

  constructor(host, running) {
    super(host, running.ready.port)
    this.#running = running
    this.pid = running.ready.pid
  }

  log() {
    return this.#running.log.read()
  }

  stop() {
    this.#stopping ??= super.stop().then(() => end(this.#running))
    return this.#stopping
  }
}

/** A server that this process has not started, or a space of one. */
class Remote extends Controls {
  #url

  constructor(url) {
    const { protocol, hostname, port } = new URL(url)
    if (protocol !== 'redis:') throw new TypeError(`connect takes URLs that begin with redis://, not ${url}`)
    super(hostname.replace(/^\[|\]$/g, ''), Number(port || 6379))
    this.#url = url
  }

  get url() {
    return this.#url
  }

  connect() {
    const connection = super.connect()
    const { username, password } = new URL(this.#url)
    if (password) {
      const login = ['AUTH', ...(username ? [decodeURIComponent(username)] : []), decodeURIComponent(password)]
      connection.call(login).catch(() => connection.close()) // the command then says so
    }
    return connection
  }
}

function connect(url = workerUrl()) {
  return new Remote(url)
}

function failOnWarnings(rules, hooks = globalThis) {
  let server
  hooks.beforeEach(async () => {
    server ??= connect()
    await server.strict(...rules)
    await server.resetStrict()
  })
  hooks.afterEach(() => server.checkStrict())
}

async function start(options = {}) {
  const { host = '127.0.0.1', timeout = 10000 } = options
  return new Server(host, await launch(commandLine({ ...options, host }), host, timeout))
}

function workerUrl(url = process.env.REDIS_URL) {
  if (!url) throw new Error('there is no REDIS_URL: add a global set-up of resp-server to the test runner')
  const { JEST_WORKER_ID, VITEST_POOL_ID } = process.env
  const space = new URL(url)
  space.username = encodeURIComponent(`space:worker-${JEST_WORKER_ID ?? VITEST_POOL_ID ?? process.pid}`)
  space.password = 'x'
  return space.href
}

const known = new Set(['port', 'host', 'unixsocket', 'config', 'confFile', 'load', 'strict', 'args', 'testing', 'timeout'])

function commandLine(options) {
  const unknown = Object.keys(options).find(name => !known.has(name))
  if (unknown) throw new TypeError(`start has no option ${unknown}; directives of redis.conf go into config`)
  const { port = 0, host, unixsocket, config = {}, confFile, load = [], strict = [], args = [], testing = true } = options
  const words = confFile ? [confFile] : []
  words.push('--port', String(port), '--bind', host)
  if (!confFile && !('dir' in config)) words.push('--dir', '', '--save', '')
  if (unixsocket) words.push('--unixsocket', unixsocket)
  for (const [name, value] of Object.entries(config)) words.push(`--${name}`, ...directive(value))
  for (const file of load) words.push('--load', file)
  for (const rule of strict) words.push('--strict', rule)
  if (testing) words.push('--testing')
  return [...words, ...args]
}

function directive(value) {
  if (typeof value === 'boolean') return [value ? 'yes' : 'no']
  const words = String(value).split(/\s+/).filter(Boolean)
  return words.length ? words : ['']
}

const conditions = ['command', 'category', 'key', 'client', 'user', 'space', 'from', 'every', 'times', 'probability']
const actions = {
  error: text => ['ERROR', text],
  delay: ms => ['DELAY', ms],
  close: when => ['CLOSE', String(when).toUpperCase()],
  cut: bytes => ['CUT', bytes],
  blackhole: () => ['BLACKHOLE'],
  trickle: ms => ['TRICKLE', ms],
  expire: () => ['EXPIRE'],
  evict: () => ['EVICT'],
  refuse: () => ['REFUSE'],
  disk: error => [String(error).toUpperCase()],
}

/** The words of TESTING FAULT ADD after the name. */
function faultWords(fault) {
  const words = []
  let action = null
  for (const [name, value] of Object.entries(fault)) {
    if (value === undefined || value === false) continue
    if (Object.hasOwn(actions, name)) {
      if (action) throw new TypeError(`a fault has one action, not ${Object.keys(fault).join(', ')}`)
      action = actions[name](value)
    } else if (conditions.includes(name)) {
      words.push(name.toUpperCase(), value)
    } else if (name === 'after' || name === 'before') {
      words.push(name.toUpperCase(), Math.round(Number(value)))
    } else {
      throw new TypeError(`a fault has no field ${name}`)
    }
  }
  if (!action) throw new TypeError(`a fault needs one of ${Object.keys(actions).join(', ')}`)
  return [...words, 'DO', ...action]
}

module.exports = { start, connect, workerUrl, failOnWarnings, findBinary, ReplyError, StartError, StrictError }
