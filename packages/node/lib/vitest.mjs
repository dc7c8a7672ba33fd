// globalSetup for Vitest: one server for the run, with its URL in REDIS_URL and
// in inject('redisUrl').

import { start } from './index.mjs'

export default async function setup(project) {
  const server = await start({ config: { spaces: true } })
  process.env.REDIS_URL = server.url
  project?.provide?.('redisUrl', server.url)
  return () => server.stop()
}
