import { afterEach, expect, test, vi } from 'vitest'

const platform = process.platform

afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform })
  vi.resetModules()
})

test('importing works on every platform; the first call says that it needs Linux', async () => {
  Object.defineProperty(process, 'platform', { value: 'darwin' })
  const { inheritedDescriptors, openChannelPair, openListenSocket } = await import('./index.js')
  const unsupported = expect.objectContaining({ code: 'ERR_UNSUPPORTED_PLATFORM' })
  expect(() => openChannelPair()).toThrow(unsupported)
  // It would read a folder that is not there, and blame that.
  expect(() => inheritedDescriptors()).toThrow(unsupported)
  await expect(openListenSocket('http', { port: 0 })).rejects.toEqual(unsupported)
})
