import { Server, StartOptions } from './index.js'

/**
 * Starts a server before the tests of this file or suite and stops it after them. Each test finds it as it was at its
 * start: data, users, settings and time. With the option strict a test fails that strict mode warns of. The function that
 * useServer returns returns the server.
 */
export function useServer(options?: StartOptions): () => Server

/** For node --test --test-global-setup: starts a server and sets REDIS_URL. */
export function globalSetup(): Promise<void>
export function globalTeardown(): Promise<void>
