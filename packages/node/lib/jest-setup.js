'use strict'
// globalSetup for Jest: one server for the run, with its URL in REDIS_URL.

const { start } = require('./index.js')

module.exports = async () => {
  const server = await start({ config: { spaces: true } })
  process.env.REDIS_URL = server.url
  globalThis.__RESP_SERVER__ = server // jest-teardown stops it
}
