module.exports = { globalSetup: 'resp-server/jest-setup', globalTeardown: 'resp-server/jest-teardown' }
