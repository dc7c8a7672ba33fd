'use strict'
// A connection that speaks RESP, for the test controls: no client is needed.

const net = require('node:net')

/** An error that the server replied. */
class ReplyError extends Error {
  constructor(message) {
    super(message)
    this.name = 'ReplyError'
  }
}

/** A connection. It keeps the process alive only while a reply is due. */
class Connection {
  #socket
  #waiting = [] // the calls without a reply, oldest first
  #input = Buffer.alloc(0)
  #end = null // why the connection is of no use any more

  constructor(host, port) {
    this.#socket = net.connect({ host, port, noDelay: true })
    this.#socket.on('data', data => this.#receive(data))
    this.#socket.on('error', error => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  get closed() {
    return this.#end !== null
  }

  /** Sends a command and resolves with its reply. */
  call(words) {
    if (this.#end) return Promise.reject(this.#end)
    const parts = [Buffer.from(`*${words.length}\r\n`)]
    for (const word of words) {
      const data = Buffer.isBuffer(word) ? word : Buffer.from(String(word))
      parts.push(Buffer.from(`$${data.length}\r\n`), data, Buffer.from('\r\n'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#socket.ref()
      this.#socket.write(Buffer.concat(parts))
    })
  }

  close() {
    this.#fail(new Error('the connection was closed'))
  }

  #fail(error) {
    if (this.#end) return
    this.#end = error
    this.#socket.destroy()
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  #receive(data) {
    this.#input = this.#input.length ? Buffer.concat([this.#input, data]) : data
    try {
      for (let reply; this.#waiting.length && (reply = parse(this.#input, 0)); ) {
        this.#input = this.#input.subarray(reply.end)
        const { resolve, reject } = this.#waiting.shift()
        if (reply.value instanceof ReplyError) reject(reply.value)
        else resolve(reply.value)
      }
    } catch (error) {
      this.#fail(error)
    }
    if (!this.#waiting.length) this.#socket.unref()
  }
}

/** Returns the reply that begins at a position, or undefined if it isn't complete. */
function parse(input, at) {
  const eol = input.indexOf('\r\n', at)
  if (eol < 0) return undefined
  const line = input.toString('utf8', at + 1, eol)
  const end = eol + 2
  switch (input[at]) {
    case 0x2b: // +
      return { value: line, end }
    case 0x2d: // -
      return { value: new ReplyError(line), end }
    case 0x3a: // :
      return { value: integer(line), end }
    case 0x24: { // $
      const length = Number(line)
      if (length < 0) return { value: null, end }
      if (input.length < end + length + 2) return undefined
      return { value: text(input.subarray(end, end + length)), end: end + length + 2 }
    }
    case 0x2a: { // *
      const length = Number(line)
      if (length < 0) return { value: null, end }
      const value = []
      let next = end
      for (let i = 0; i < length; i++) {
        const item = parse(input, next)
        if (!item) return undefined
        value.push(item.value)
        next = item.end
      }
      return { value, end: next }
    }
    default:
      throw new Error(`unexpected reply ${JSON.stringify(input.toString('latin1', at, end))}`)
  }
}

function integer(digits) {
  const n = Number(digits)
  return Number.isSafeInteger(n) ? n : BigInt(digits)
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns a string, or a Buffer if the bytes are no UTF-8. */
function text(bytes) {
  try {
    return decoder.decode(bytes)
  } catch {
    return Buffer.from(bytes)
  }
}

module.exports = { Connection, ReplyError }
