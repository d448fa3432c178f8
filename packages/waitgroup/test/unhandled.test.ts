import { expect, test } from 'vitest'
import { runCase } from './run-case.js'

test('no failure is an unhandled rejection, and what onError throws is an uncaught exception', async () => {
  expect(await runCase('unhandled')).toEqual({ failed: 24, thrown: 'the listener' })
})
