export default { test: { globalSetup: 'resp-server/vitest' } }
