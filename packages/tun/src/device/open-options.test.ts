import { expect, test } from 'vitest'
import { type OpenTunOptions, openTun } from '../index.js'

const value = { code: 'ERR_INVALID_ARG_VALUE' }
const type = { code: 'ERR_INVALID_ARG_TYPE' }

// In a namespace that does not exist: whatever gets past the checks fails with ENOENT, and makes no device.
function open(options: object) {
  return openTun({ netns: '/nowhere', ...options } as OpenTunOptions)
}

test.each([
  '',
  'sixteen-bytes-16',
  'ünïcödé-ünïcö',
  'a/b',
  'a b',
  'a\tb',
  'a:b',
  '.',
  '..',
  'a\0',
  '%',
  '%s',
  'a%d%d',
])('the name %j is refused before any system call', async (name) => {
  await expect(open({ name })).rejects.toBeInstanceOf(RangeError)
  await expect(open({ name })).rejects.toMatchObject(value)
})

test.each(['fishtun', 'fifteen-bytes-1', 'tun%d', 'a.b', 'ü'])('the name %j passes', async (name) => {
  await expect(open({ name })).rejects.toMatchObject({ code: 'ENOENT' })
})

test.each([
  { offload: 'full' },
  { offload: { mode: 'on' } },
  { owner: -1 },
  { owner: 0xffff_ffff },
  { group: 1.5 },
  { sendBufferBytes: 0 },
  { nmae: 'tun0' },
  { configure: { adresses: [] } },
  { netns: '' },
  { netns: '/a\0b' },
  { configure: { mtu: 67 } },
  { configure: { mtu: 65536 } },
  { configure: { mtu: 1400.5 } },
  { configure: { txQueueLength: -1 } },
  { configure: { addressGeneration: 'random' } },
  { configure: { addresses: ['192.0.2.1'] } },
  { configure: { addresses: ['192.0.2.1/33'] } },
  { configure: { addresses: ['192.0.2.1/24/8'] } },
  { configure: { addresses: ['192.0.2.1/'] } },
  { configure: { addresses: ['2001:db8::1/129'] } },
  { configure: { addresses: ['fe80::1%eth0/64'] } },
  { configure: { addresses: ['example.org/24'] } },
  { configure: { addresses: [{ address: '192.0.2.1', peer: '203.0.113.1' }] } },
  { configure: { addresses: [{ address: '192.0.2.1/32', peer: '2001:db8::1' }] } },
  { configure: { addresses: [{ address: '192.0.2.1/32', peer: '203.0.113.1/33' }] } },
])('%j is refused with a RangeError', async (options) => {
  await expect(open(options)).rejects.toBeInstanceOf(RangeError)
  await expect(open(options)).rejects.toMatchObject(value)
})

test.each([
  { name: 7 },
  { netns: 3 },
  { persist: 'yes' },
  { exclusive: 1 },
  { configure: true },
  { configure: null },
  { configure: { mtu: '1400' } },
  { configure: { up: 1 } },
  { configure: { addresses: '192.0.2.1/24' } },
  { configure: { addresses: [7] } },
  { configure: { addresses: [{ address: '192.0.2.1/32' }] } },
  { offload: null },
  { offload: { mode: 'raw', tcp: 1 } },
  { offload: { mode: 'split', udp: 'yes' } },
  { multiQueue: 2 },
  { owner: 'root' },
])('%j is refused with a TypeError', async (options) => {
  await expect(open(options)).rejects.toBeInstanceOf(TypeError)
  await expect(open(options)).rejects.toMatchObject(type)
})

test('options that are no object are refused', async () => {
  await expect(openTun(null as unknown as OpenTunOptions)).rejects.toMatchObject(type)
})
