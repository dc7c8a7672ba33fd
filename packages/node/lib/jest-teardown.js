'use strict'
// globalTeardown for Jest: stops what jest-setup has started.

module.exports = () => globalThis.__RESP_SERVER__?.stop()
