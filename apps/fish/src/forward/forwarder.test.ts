import { DESCRIPTOR, DESCRIPTOR_WORDS, PacketBatch } from '@slatfatf/tun'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { echoIdMode } from '../egress/echo-id.js'
import { placeholderMode } from '../egress/placeholder.js'
import { udpPortMode } from '../egress/port.js'
import { LeaseDesk } from '../lease/lease-desk.js'
import { Slices } from '../lease/slices.js'
import { createCounterMemory, readCounters } from '../observe/counters.js'
import { parseAddress } from '../packet/address.js'
import { completePacket } from '../packet/testing/arbitraries.js'
import { buildEcho, buildIcmpError, buildTcp, buildUdp } from '../packet/testing/build-packet.js'
import { EgressTable } from './egress-table.js'
import { Forwarder } from './forwarder.js'

// Packets here never reach a reservation: they are refused before, or belong to no flow. What opens flows is tested with real sockets,
// in test/forwarding.netns.test.ts.

const client = parseAddress('10.64.0.2')
const remote = parseAddress('203.0.113.1')
const slice = parseAddress('198.51.100.10')

function setUp(): {
  forward: (...packets: Uint8Array[]) => PacketBatch
  drops: () => Record<string, number>
} {
  const memory = createCounterMemory()
  const counters = new Float64Array(memory)
  const slices = new Slices([{ address: slice, text: '198.51.100.10', first: 9000, last: 9009 }], 42)
  const limits = { flowsPerClient: 0, newFlowsPerSecondPerClient: 0 }
  const desk = new LeaseDesk(slices, limits, (error) => {
    throw error
  })
  const table = new EgressTable(0, desk, counters)
  const modes = { tcp: placeholderMode, udp: udpPortMode, icmp: echoIdMode }
  const forwarder = new Forwarder(slices, modes, table, counters)
  return {
    forward: (...packets) => {
      const batch = new PacketBatch()
      for (const packet of packets) batch.append(packet)
      forwarder.process(batch, 1000)
      return batch
    },
    drops: () =>
      Object.fromEntries(Object.entries(readCounters(memory).drops).filter(([, count]) => count > 0)),
  }
}

const lengthOf = (batch: PacketBatch, index = 0): number =>
  batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.length]!

const ports = { sourcePort: 9001, destinationPort: 9002 }
const out = { source: client, destination: remote }
const back = { source: remote, destination: slice }

it.each<[string, Uint8Array]>([
  ['spoofed_source', buildUdp({ source: slice, destination: remote, ...ports })],
  ['forbidden_destination', buildUdp({ source: client, destination: parseAddress('224.0.0.251'), ...ports })],
  ['forbidden_destination', buildUdp({ source: client, destination: 0xffffffff, ...ports })],
  ['tcp_without_flow', buildTcp({ ...out, ...ports, flags: 0x10 })],
  ['tcp_without_flow', buildTcp({ ...out, ...ports, flags: 0x12 })],
  ['inbound_without_flow', buildTcp({ ...back, ...ports, flags: 0x12 })],
  ['inbound_without_flow', buildUdp({ ...back, ...ports })],
  ['inbound_without_flow', buildEcho({ ...back, type: 'reply', id: 9000 })],
  [
    'icmp_error_without_flow',
    buildIcmpError({ ...back, quoted: buildUdp({ source: slice, destination: remote, ...ports }) }),
  ],
  [
    'icmp_error_without_flow',
    buildIcmpError({ ...out, quoted: buildUdp({ source: remote, destination: client, ...ports }) }),
  ],
  ['unexpected_icmp', buildEcho({ ...out, type: 'reply', id: 1 })],
  ['unexpected_icmp', buildEcho({ ...back, type: 'request', id: 1 })],
  ['truncated', new Uint8Array(3)],
])('drops a packet with the reason %s, and counts it once', (reason, packet) => {
  const { forward, drops } = setUp()
  expect(lengthOf(forward(packet))).toBe(0)
  expect(drops()).toEqual({ [reason]: 1 })
})

it('answers a refused flow in the place of its packet, and leaves its neighbours alone', () => {
  const { forward, drops } = setUp()
  const stray = buildTcp({ ...out, ...ports, flags: 0x10 })
  const syn = buildTcp({ ...out, ...ports, flags: 0x02 })
  const batch = forward(stray, syn, stray)
  expect(drops()).toEqual({ tcp_without_flow: 2, flow_table_full: 1 })
  expect([lengthOf(batch, 0), lengthOf(batch, 2)]).toEqual([0, 0])
  const answer = batch.packet(1)
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength)
  expect([view.getUint32(12), view.getUint32(16), view.getUint8(20), view.getUint8(21)]).toEqual([
    slice,
    client,
    3,
    13,
  ])
  expect(answer.subarray(28)).toEqual(syn)
})

it('accounts for every packet of any batch: forwarded, answered or dropped with a reason', () => {
  const hostile = fc.oneof(completePacket, fc.uint8Array({ minLength: 1, maxLength: 100 }))
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 20 }), (packets) => {
      const { forward, drops } = setUp()
      forward(...packets)
      const dropped = Object.values(drops()).reduce((sum, count) => sum + count, 0)
      expect(dropped).toBe(packets.length)
    }),
  )
})
