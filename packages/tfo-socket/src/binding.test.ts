import { afterEach, expect, test, vi } from 'vitest'

const platform = process.platform

afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform })
  vi.resetModules()
})

test('importing works on every platform; the first call says that it needs Linux', async () => {
  Object.defineProperty(process, 'platform', { value: 'darwin' })
  const { growDescriptorTable, portRangeOf, reserveEchoId } = await import('./index.js')
  const unsupported = expect.objectContaining({ code: 'ERR_UNSUPPORTED_PLATFORM' })
  expect(() => portRangeOf()).toThrow(unsupported)
  expect(() => growDescriptorTable(1)).toThrow(unsupported)
  expect(() => reserveEchoId({ address: '192.0.2.1', id: 77 })).toThrow(unsupported)
})
