import { expect, test } from 'vitest'
import { waitFor } from './wait-for.js'

test('the first truthy value is the result', async () => {
  let count = 0
  expect(await waitFor(() => (++count === 3 ? `call ${count}` : null))).toBe('call 3')
})

test('a condition that throws is tried again', async () => {
  let count = 0
  const condition = async () => {
    if (++count < 3) throw new Error('not yet')
    return count
  }
  expect(await waitFor(condition)).toBe(3)
})

test('the deadline rejects with the last error of the condition as cause', async () => {
  const cause = new Error('refused')
  const waiting = waitFor(() => Promise.reject(cause), { timeoutMs: 20 })
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_TIMEOUT', cause })
})

test('a condition that hangs does not outlive the deadline', async () => {
  const waiting = waitFor(() => new Promise(() => {}), { timeoutMs: 20 })
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
})

test('an abort ends the wait with its reason', async () => {
  const abort = new AbortController()
  const waiting = waitFor(() => false, { signal: abort.signal })
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})
