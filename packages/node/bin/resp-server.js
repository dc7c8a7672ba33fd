#!/usr/bin/env node
'use strict'
// npx resp-server runs the binary with the arguments as they are.

const { spawn } = require('node:child_process')
const { constants } = require('node:os')

const { findBinary } = require('../lib/binary.js')

let binary
try {
  binary = findBinary()
} catch (error) {
  console.error(`resp-server: ${error.message}`)
  process.exit(1)
}
const child = spawn(binary, process.argv.slice(2), { stdio: 'inherit' })
child.on('error', error => {
  console.error(`resp-server: ${error.message}`)
  process.exit(1)
})
// The server has a terminal's SIGINT already, and a second one would end it
// without saving; SIGTERM does no harm, except on Windows, where it is no signal
// but the end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.platform === 'win32' || child.kill('SIGTERM'))
}
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
