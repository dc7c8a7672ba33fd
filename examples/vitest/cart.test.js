import Redis from 'ioredis'
import { workerUrl } from 'resp-server'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { Cart } from './cart.js'

const redis = new Redis(workerUrl()) // each worker has a space of its own on the one server
beforeEach(() => redis.flushall())
afterAll(() => redis.disconnect())

test('adds up', async () => {
  const cart = new Cart(redis, 'ann')
  await cart.add('tea')
  await cart.add('tea', 2)
  expect(await cart.articles()).toEqual({ tea: '3' })
})

test('is forgotten', async () => {
  const cart = new Cart(redis, 'ann')
  await cart.add('tea')
  await redis.call('TESTING', 'CLOCK', 'ADVANCE', 30 * 60_000) // of this space alone
  expect(await cart.articles()).toEqual({})
})
