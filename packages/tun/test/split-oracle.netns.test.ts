//   namespace a, forwarding
//   this test, super-packets --- tun `in`, raw --- kernel, cutting --- tun `out`, off --- this test, packets
//                                192.0.2.1/24                          198.51.100.1/24
//                                2001:db8::1/64                        2001:db8:1::1/64
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS, openTun, PacketBatch, type TunDevice } from '../src/index.js'
import { MergePlan, planMerge, segmentCount, splitPacket } from '../src/offload/index.js'
import {
  appendSuper,
  buildPacket,
  bytesOf,
  type PacketFields,
  segmentsOf,
} from '../src/offload/testing/build-packet.js'
import { batchOf, deliverPlan } from '../src/offload/testing/deliver-plan.js'
import { createTunLab } from './tun-lab.js'

const FIN = 0x01
const PSH = 0x08
const ACK = 0x10
const CWR = 0x80
const TIMESTAMPS = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]
const TTL = 64

let lab: Lab
let inside: TunDevice
let outside: TunDevice

beforeAll(async () => {
  lab = await createTunLab()
  await lab.sysctl('a', 'net.ipv4.ip_forward', '1')
  await lab.sysctl('a', 'net.ipv6.conf.all.forwarding', '1')
  inside = await openTun({ netns: lab.path('a'), name: 'in', offload: 'raw' })
  outside = await openTun({ netns: lab.path('a'), name: 'out' })
  for (const [name, ...addresses] of [
    ['in', '192.0.2.1/24', '2001:db8::1/64'],
    ['out', '198.51.100.1/24', '2001:db8:1::1/64'],
  ] as const) {
    await lab.sysctl('a', `net.ipv6.conf.${name}.disable_ipv6`, '0')
    await lab.ip('a', 'link', 'set', 'dev', name, 'addrgenmode', 'none')
    await lab.ip('a', 'link', 'set', 'dev', name, 'up')
    for (const address of addresses) await lab.ip('a', 'address', 'add', address, 'dev', name, 'nodad')
  }
})
afterAll(async () => {
  await Promise.all([inside?.close(), outside?.close()])
  await lab?.close()
})

const V4 = { version: 4, source: [192, 0, 2, 2], destination: [198, 51, 100, 2] } as const
const V6 = {
  version: 6,
  source: [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 2],
  destination: [0x20, 1, 0xd, 0xb8, 0, 1, ...Array(9).fill(0), 2],
} as const

function on(path: typeof V4 | typeof V6, fields: PacketFields): PacketFields {
  return { ...path, source: [...path.source], destination: [...path.destination], ttl: TTL, ...fields }
}

/** Writes a batch into `in` and returns the `count` packets that come out of `out`. */
async function forward(batch: PacketBatch, count: number): Promise<string[]> {
  expect(inside.queue.writeBatch(batch)).toBe(batch.count)
  for (let i = 0; i < batch.count; i += 1) {
    expect(batch.descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.status]).toBe(0)
  }
  const packets: string[] = []
  const received = new PacketBatch()
  await waitFor(() => {
    outside.queue.readBatch(received)
    for (let i = 0; i < received.count; i += 1) {
      if (!isMulticast6(received.packet(i))) packets.push(hex(received.packet(i)))
    }
    return packets.length >= count
  })
  return packets
}

/** What cutting makes of the first packet of the batch. */
function cut(batch: PacketBatch): string[] {
  const target = new PacketBatch({ packets: 500, slabBytes: 1 << 21 })
  expect(splitPacket(batch, 0, 0, target)).toBe(segmentCount(batch, 0))
  return Array.from({ length: target.count }, (_, index) => hex(target.packet(index)))
}

/** What the kernel says on a new link of its own accord. */
function isMulticast6(packet: Uint8Array): boolean {
  return packet[0]! >>> 4 === 6 && packet[24] === 0xff
}

function hex(packet: Uint8Array): string {
  return Buffer.from(packet).toString('hex')
}

const base = { identification: 0xfff0, sequence: 0xffff_f000, payload: bytesOf(20_000) }
const tcp: [string, Omit<PacketFields, 'payload'>, number][] = [
  ['timestamps', { options: TIMESTAMPS }, 1428],
  ['an odd size', {}, 1337],
  ['a size of 2 modulo 4', { options: TIMESTAMPS }, 1350],
  ['PSH', { flags: ACK | PSH }, 1000],
  ['FIN and PSH', { flags: ACK | FIN | PSH, options: TIMESTAMPS }, 1000],
  ['CWR', { flags: ACK | CWR | PSH, tos: 2 }, 999],
  ['ECE', { flags: ACK | 0x40, tos: 1 }, 1000],
  ['a size that divides the payload', { flags: ACK | FIN }, 500],
  ['identifications that wrap, no DF', { dontFragment: false, identification: 0xfffe }, 1440],
  ['a small size', { flags: ACK | PSH }, 97],
]
const udp: [string, Omit<PacketFields, 'payload'>, number][] = [
  ['the most that the MTU takes', {}, 1452],
  ['an odd size', {}, 1337],
  ['a size of 2 modulo 4', { dontFragment: false }, 1350],
  ['a size that divides the payload', { tos: 3 }, 500],
]

test.each([...tcp.map((row) => ['tcp', ...row] as const), ...udp.map((row) => ['udp', ...row] as const)])(
  'a %s super-packet is cut as the kernel cuts it: %s',
  async (protocol, _, fields, gsoSize) => {
    for (const path of [V4, V6]) {
      const superPacket = on(path, { ...base, protocol, ...fields })
      const written = new PacketBatch()
      appendSuper(written, superPacket, gsoSize)
      // The kernel forwards before it cuts.
      const forwarded = new PacketBatch()
      appendSuper(forwarded, { ...superPacket, ttl: TTL - 1 }, gsoSize)
      const expected = cut(forwarded)
      expect(await forward(written, expected.length)).toEqual(expected)
    }
  },
)

test('IPv6 extension headers are on each segment, as the kernel puts them', async () => {
  const between = { next: 60, bytes: [6, 0, 1, 4, 0, 0, 0, 0] }
  const superPacket = on(V6, { ...base, between })
  const written = new PacketBatch()
  appendSuper(written, superPacket, 1000)
  const forwarded = new PacketBatch()
  appendSuper(forwarded, { ...superPacket, ttl: TTL - 1 }, 1000)
  const expected = cut(forwarded)
  expect(await forward(written, expected.length)).toEqual(expected)
})

test('an unfinished checksum is finished as the kernel finishes it', async () => {
  for (const path of [V4, V6]) {
    for (const protocol of ['tcp', 'udp'] as const) {
      const packet = on(path, { protocol, payload: bytesOf(1111), options: TIMESTAMPS })
      const unfinished = (fields: PacketFields) => {
        const batch = new PacketBatch()
        appendSuper(batch, fields, 1)
        batch.descriptors[DESCRIPTOR.gsoType] = 0
        batch.descriptors[DESCRIPTOR.gsoSize] = 0
        return batch
      }
      const expected = cut(unfinished({ ...packet, ttl: TTL - 1 }))
      expect(await forward(unfinished(packet), 1)).toEqual(expected)
    }
  }
})

test('what was merged is cut by the kernel into the packets it was made of', async () => {
  for (const path of [V4, V6]) {
    for (const protocol of ['tcp', 'udp'] as const) {
      for (const gsoSize of [1400, 777]) {
        const options = protocol === 'tcp' ? TIMESTAMPS : []
        const whole = on(path, { ...base, protocol, options, flags: ACK | PSH })
        const packets = batchOf(segmentsOf(whole, gsoSize))
        const plan = new MergePlan()
        expect(planMerge(plan, packets)).toBe(1)
        const expected = segmentsOf({ ...whole, ttl: TTL - 1 }, gsoSize).map(hex)
        expect(await forward(deliverPlan(plan, packets), expected.length)).toEqual(expected)
      }
    }
  }
})

test('equal identifications of packets with DF are numbered by the kernel as by cutting', async () => {
  const packets = batchOf(
    [0, 1, 2].map((n) => buildPacket(on(V4, { protocol: 'udp', payload: bytesOf(1000, n) }))),
  )
  const plan = new MergePlan()
  expect(planMerge(plan, packets)).toBe(1)
  const out = await forward(deliverPlan(plan, packets), 3)
  expect(out.map((packet) => packet.slice(8, 12))).toEqual(['0000', '0001', '0002'])
})
