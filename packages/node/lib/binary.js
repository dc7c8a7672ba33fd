'use strict'
// Finds the server's binary.

const fs = require('node:fs')

/**
 * Returns the path of the binary: RESP_SERVER_BINARY if it is set, else that of
 * the package for this platform, which npm installs as an optional dependency.
 */
function findBinary() {
  const chosen = process.env.RESP_SERVER_BINARY
  if (chosen) {
    if (!fs.statSync(chosen, { throwIfNoEntry: false })?.isFile()) {
      throw new Error(`RESP_SERVER_BINARY names ${chosen}, which is no file`)
    }
    return chosen
  }
  const name = `@resp-server/${process.platform}-${process.arch}`
  try {
    return require.resolve(`${name}/bin/resp-server${process.platform === 'win32' ? '.exe' : ''}`)
  } catch {
    throw new Error(
      `the resp-server binary is not installed: there is no package ${name}. ` +
        'npm leaves it out with --omit=optional or --no-optional, and when node_modules comes from another platform; ' +
        'on a platform without a package set RESP_SERVER_BINARY to a binary',
    )
  }
}

module.exports = { findBinary }
