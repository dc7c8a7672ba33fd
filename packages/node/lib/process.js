'use strict'
// Starts the server as a process and ends it.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')

const { findBinary } = require('./binary.js')
const { Connection, ReplyError } = require('./wire.js')

const windows = process.platform === 'win32'

/** The server did not start. The message ends with what it logged. */
class StartError extends Error {
  constructor(message) {
    super(message)
    this.name = 'StartError'
  }
}

/**
 * A log in a file: a pipe would fill up, and block the server, while a test
 * keeps the event loop busy. Elsewhere than on Windows the file has no name,
 * so that nothing is left of it.
 */
class Log {
  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'resp-server-'))
    this.fd = fs.openSync(path.join(this.dir, 'log'), 'a+')
    this.text = null // once it is closed
    if (!windows) this.#remove()
  }

  read() {
    if (this.text !== null) return this.text
    const buffer = Buffer.alloc(fs.fstatSync(this.fd).size)
    return buffer.toString('utf8', 0, fs.readSync(this.fd, buffer, 0, buffer.length, 0))
  }

  close() {
    if (this.text !== null) return
    this.text = this.read()
    fs.closeSync(this.fd)
    if (windows) this.#remove()
  }

  #remove() {
    fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Starts the binary; resolves when it accepts connections on a host. */
async function launch(args, host, timeout) {
  const binary = findBinary()
  const log = new Log()
  const file = path.join(log.dir, 'ready.json')
  const child = spawn(binary, [...args, '--exit-with-parent', '--ready-file', windows ? file : '3'], {
    stdio: ['ignore', log.fd, log.fd, ...(windows ? [] : ['pipe'])],
    detached: !windows, // Ctrl-C in a terminal is for this process, not for the server
    windowsHide: true,
  })
  let failure = null
  const ended = new Promise(resolve => {
    child.once('exit', resolve)
    child.once('error', error => resolve((failure = error)))
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, timeout)
  const line = windows ? await readFile(file, child, ended) : await readPipe(child.stdio[3], ended)
  clearTimeout(timer)
  if (!line) {
    await ended
    log.close()
    const why = failure?.message ?? (late ? `not ready within ${timeout} ms` : `exit code ${child.exitCode}`)
    throw new StartError(`resp-server did not start: ${why}\n${log.text}`.trimEnd())
  }
  // A server that nobody stops must not keep the process alive; it ends with it.
  child.unref()
  return { child, ended, log, host, ready: JSON.parse(line) }
}

async function readPipe(pipe, ended) {
  const chunks = []
  pipe.on('data', chunk => chunks.push(chunk))
  pipe.on('error', () => {})
  await Promise.race([once(pipe, 'close').catch(() => {}), ended.then(() => pipe.destroy())])
  return Buffer.concat(chunks).toString()
}

// A Windows process inherits no file descriptors.
async function readFile(file, child, ended) {
  let gone = false
  ended.then(() => (gone = true))
  while (!fs.existsSync(file)) {
    if (gone) return ''
    await sleep(2)
  }
  return fs.readFileSync(file, 'utf8')
}

/** Ends a server; resolves when its process is gone. */
async function end({ child, ended, log, host, ready }) {
  child.ref()
  const timer = setTimeout(() => child.kill('SIGKILL'), 10000) // it may save a snapshot
  if (!windows || !(await shutDown(host, ready.port, ended))) child.kill()
  await ended
  clearTimeout(timer)
  log.close()
}

/**
 * Asks a server to end: Windows has no signal that lets a program save its data. Resolves to false if it does not; it may
 * want a password.
 */
async function shutDown(host, port, ended) {
  const connection = new Connection(host, port)
  try {
    await Promise.race([connection.call(['SHUTDOWN']), ended])
  } catch (error) {
    return !(error instanceof ReplyError) // there is no other reply to it than the end of the connection
  } finally {
    connection.close()
  }
  return true
}

module.exports = { StartError, launch, end }
