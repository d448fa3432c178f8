//   namespace a
//   kernel 192.0.2.1/24 --- tun device --- this test, with descriptors no honest writer would make
import type { Lab } from '@slatfatf/netns'
import { array, assert, constantFrom, integer, oneof, property, tuple } from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  PacketBatch,
  TUN_COUNTER,
  type TunDevice,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_TCPV4,
} from '../src/index.js'
import { echoRequest } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

const EFAULT = 14
const EBADMSG = 74
const EMSGSIZE = 90
const EOPNOTSUPP = 95
const EAGAIN = 11

let lab: Lab
let raw: TunDevice
let off: TunDevice

beforeAll(async () => {
  lab = await createTunLab()
  raw = await openUp(lab, { offload: 'raw' })
  off = await openUp(lab)
})
afterAll(async () => {
  await Promise.all([raw?.close(), off?.close()])
  await lab?.close()
})

const slabBytes = 1 << 17
const edges = [0, 1, -1, 9, 10, 63, 64, 65535, 65536, slabBytes - 1, slabBytes, 0x7fffffff, -0x80000000]
const place = oneof(constantFrom(...edges), integer({ min: 0, max: slabBytes }), integer())
const field = oneof(constantFrom(0, 1, 3, 4, 5, 0x81, 0xff, 0x100, 0xffff, 0x10000, -1), integer())
const words = tuple(place, place, field, field, field, field, field, field, place, place)

test.each(['raw', 'off'] as const)('no descriptor makes a %s queue read outside the slab or stop', (mode) => {
  const device = mode === 'raw' ? raw : off
  const header = mode === 'raw' ? 10 : 0
  const batch = new PacketBatch({ slabBytes })
  const pattern = echoRequest(PEER, HOST, 1, 1400)
  for (let at = 0; at + pattern.length < slabBytes; at += 64) batch.slab.set(pattern.subarray(0, 64), at)

  assert(
    property(array(words, { minLength: 1, maxLength: 20 }), (descriptors) => {
      batch.count = descriptors.length
      batch.descriptors.set(descriptors.flat())
      const errors = device.queue.counters[TUN_COUNTER.writeErrors]!
      expect(device.queue.writeBatch(batch)).toBe(descriptors.length)

      let refused = 0
      for (const [index, [offset, length]] of descriptors.entries()) {
        const status = batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status]!
        const inside = offset >= header && length >= 0 && offset + length <= slabBytes
        if (length === 0) expect(status).toBe(0)
        else if (!inside) expect(status).toBe(EFAULT)
        else if (length > 65535) expect(status).toBe(EMSGSIZE)
        expect(status).not.toBe(EAGAIN)
        if (status !== 0) refused += 1
      }
      expect(device.queue.counters[TUN_COUNTER.writeErrors]! - errors).toBe(refused)
    }),
    { numRuns: 500 },
  )
})

test('a virtio word that does not fit its field is refused, not cut off', () => {
  const batch = new PacketBatch()
  const index = batch.append(echoRequest(PEER, HOST))
  for (const name of [
    'flags',
    'gsoType',
    'headerLength',
    'gsoSize',
    'checksumStart',
    'checksumOffset',
  ] as const) {
    const word = index * DESCRIPTOR_WORDS + DESCRIPTOR[name]
    batch.descriptors[word] = 0x10000
    raw.queue.writeBatch(batch)
    expect(batch.descriptors[DESCRIPTOR.status]).toBe(EBADMSG)
    batch.descriptors[word] = 0
  }
  raw.queue.writeBatch(batch)
  expect(batch.descriptors[DESCRIPTOR.status]).toBe(0)
})

test('an unfinished packet is refused by a queue without offload', () => {
  const batch = new PacketBatch()
  batch.append(echoRequest(PEER, HOST))
  batch.descriptors[DESCRIPTOR.flags] = VIRTIO_NET_HDR_F_NEEDS_CSUM
  off.queue.writeBatch(batch)
  expect(batch.descriptors[DESCRIPTOR.status]).toBe(EOPNOTSUPP)
  batch.descriptors[DESCRIPTOR.flags] = 0
  batch.descriptors[DESCRIPTOR.gsoType] = VIRTIO_NET_HDR_GSO_TCPV4
  off.queue.writeBatch(batch)
  expect(batch.descriptors[DESCRIPTOR.status]).toBe(EOPNOTSUPP)
})
