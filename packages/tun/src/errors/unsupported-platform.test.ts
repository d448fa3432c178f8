import { afterEach, expect, test, vi } from 'vitest'
import { openTun, PacketBatch } from '../index.js'

afterEach(() => vi.unstubAllGlobals())

test('elsewhere than on Linux the package imports, batches work, and opening says what is missing', async () => {
  vi.stubGlobal('process', Object.create(process, { platform: { value: 'darwin' } }))
  expect(new PacketBatch().append(Uint8Array.of(1))).toBe(0)
  await expect(openTun()).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED_PLATFORM' })
})
