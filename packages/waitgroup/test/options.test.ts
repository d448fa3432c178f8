import { expect, test } from 'vitest'
import { WaitGroup } from '../src/index.js'

test.each([
  { mode: 'closed' },
  { waitUntil: 'closing' },
  { errors: 'throw' },
  { name: '' },
  { disposeTimeoutMs: -1 },
])('refuses %o', (options) => {
  expect(() => new WaitGroup(options as never)).toThrow(
    expect.objectContaining({ name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' }),
  )
})

test.each([
  null,
  'name',
  { waitUntil: true },
  { errors: 1 },
  { name: 1 },
  { onError: {} },
  { signal: {} },
  { disposeTimeoutMs: '1' },
])('refuses %o, which is of another type', (options) => {
  expect(() => new WaitGroup(options as never)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
  )
})

test('options that are undefined are as if they were not there', async () => {
  const group = new WaitGroup({
    name: undefined,
    waitUntil: undefined,
    errors: undefined,
    onError: undefined,
    signal: undefined,
    disposeTimeoutMs: undefined,
  })
  await group.wait({ signal: undefined, timeoutMs: undefined })
})

test('takes the AbortSignal of another realm, as test environments have it', async () => {
  const foreign = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} }
  const group = new WaitGroup({ signal: foreign as never })
  expect(group.signal.aborted).toBe(false)
  await group.wait({ signal: foreign as never })
})
