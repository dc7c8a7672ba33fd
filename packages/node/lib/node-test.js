'use strict'
// Set-ups for node:test.

const { before, beforeEach, after, afterEach } = require('node:test')

const { start } = require('./index.js')

/** Starts a server for the tests of this file or suite; each finds it as it was at its start. */
function useServer(options) {
  let server
  before(async () => {
    server = await start(options)
    await server.snapshot('node:test')
  })
  beforeEach(() => server.restore('node:test'))
  // Node 18 does not know which tests have failed.
  afterEach(t => t?.passed === false && t.diagnostic(`the log of the server:\n${server?.log()}`))
  if (options?.strict?.length) afterEach(() => server.checkStrict())
  after(() => server?.stop())
  return () => server
}

// For node --test --test-global-setup=..., which Node has from version 24 on.
let shared

async function globalSetup() {
  shared = await start({ config: { spaces: true } })
  process.env.REDIS_URL = shared.url
}

async function globalTeardown() {
  await shared?.stop()
}

module.exports = { useServer, globalSetup, globalTeardown }
