//   namespace a
//   client 192.0.2.1 -> 192.0.2.2 --- tun device, offload split --- this test judges each packet and swaps its addresses
//   server 192.0.2.1 <- 192.0.2.2 --- tun device, offload split ---/      (the same over 2001:db8::/64)
import type { Lab } from '@slatfatf/netns'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHECKSUM, verifyIpv4HeaderChecksum, verifyTransportChecksum } from '../src/checksum/index.js'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  type OpenTunOptions,
  PacketBatch,
  type PacketBatchOptions,
  readCounters,
  type TunDevice,
} from '../src/index.js'
import { echoRequest } from './echo-packet.js'
import { segmentsOvertaken } from './segments-overtaken.js'
import { sendDatagrams } from './send-datagrams.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'
import { swapAddresses } from './turn-around.js'

const MTU = 1500
const MIB = 1 << 20
const HOST6 = '2001:db8::1'
const PEER6 = '2001:db8::2'

let lab: Lab
let device: TunDevice

// A lab each, because connections of an earlier test may still be saying goodbye.
beforeEach(async () => {
  lab = await createTunLab()
})
afterEach(async () => {
  await device?.close()
  await lab?.close()
})

const enter = () => lab.enter('a', new URL('./cases/tcp-transfer.mjs', import.meta.url))

async function open(offload: OpenTunOptions['offload'] = 'split'): Promise<void> {
  device = await openUp(lab, { offload })
}

async function addIpv6(): Promise<void> {
  await lab.sysctl('a', `net/ipv6/conf/${device.name}/disable_ipv6`, '0')
  await lab.ip('a', 'address', 'add', `${HOST6}/64`, 'dev', device.name, 'nodad')
}

/** Turns every packet back, and says what is wrong with those that came. */
function turnAroundJudged(options: PacketBatchOptions = {}): { faults: Set<string>; packets: () => number } {
  const batch = new PacketBatch(options)
  const faults = new Set<string>()
  let packets = 0
  device.queue.onReadable(() => {
    device.queue.readBatch(batch)
    packets += batch.count
    for (let i = 0; i < batch.count; i += 1) {
      judge(batch, i, faults)
      swapAddresses(batch.packet(i))
    }
    if (device.queue.writeBatch(batch) !== batch.count) faults.add('not written')
    for (let i = 0; i < batch.count; i += 1) {
      const status = batch.descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.status]!
      if (status !== 0) faults.add(`status ${status}`)
    }
  })
  return { faults, packets: () => packets }
}

function judge(batch: PacketBatch, index: number, faults: Set<string>): void {
  const words = index * DESCRIPTOR_WORDS
  const offset = batch.descriptors[words + DESCRIPTOR.offset]!
  const length = batch.descriptors[words + DESCRIPTOR.length]!
  if (length > MTU) faults.add(`${length} bytes`)
  for (let word: number = DESCRIPTOR.flags; word <= DESCRIPTOR.checksumOffset; word += 1) {
    if (batch.descriptors[words + word] !== 0) faults.add(`virtio word ${word}`)
  }
  const isIpv4 = batch.view.getUint8(offset) >> 4 === 4
  const protocol = batch.view.getUint8(offset + (isIpv4 ? 9 : 6))
  if (isIpv4 && !verifyIpv4HeaderChecksum(batch.view, offset, length)) faults.add('IPv4 header checksum')
  if (protocol !== 6 && protocol !== 17) return
  const verdict = verifyTransportChecksum(batch.view, offset, length)
  if (verdict !== CHECKSUM.right) faults.add(`checksum of protocol ${protocol}: ${verdict}`)
}

const counters = () => readCounters(device.queue.counters)
const NOTHING_LOST = { writeErrors: 0, dropMalformedIn: 0, dropAbandoned: 0, fallbacks: 0 }

describe.each([
  ['IPv4', HOST, PEER],
  ['IPv6', HOST6, PEER6],
] as const)('over %s', (_, host, peer) => {
  beforeEach(async () => {
    await open()
    if (host === HOST6) await addIpv6()
  })

  test('TCP arrives intact, in packets of the MTU with complete checksums', async () => {
    const child = await enter()
    const { faults, packets } = turnAroundJudged()
    expect(await child.call('transfer', host, peer, 16 * MIB)).toEqual({ intact: true, remote: peer })
    expect([...faults]).toEqual([])
    expect(packets()).toBeGreaterThan((16 * MIB) / MTU)
    const { superPacketsIn, superPacketsOut, segmentsIn, mergedOut, ...rest } = counters()
    expect(rest).toMatchObject(NOTHING_LOST)
    expect(segmentsIn).toBeGreaterThan((16 * MIB) / MTU / 2)
    expect(mergedOut).toBeGreaterThan((16 * MIB) / MTU / 2)
    // Fewer by far, or nothing would be won.
    expect(superPacketsIn).toBeGreaterThan(0)
    expect(superPacketsIn * 4).toBeLessThan(segmentsIn)
    expect(superPacketsOut).toBeGreaterThan(0)
    expect(superPacketsOut * 4).toBeLessThan(mergedOut)
  })

  test('TCP arrives intact in both directions at once', async () => {
    const child = await enter()
    const { faults } = turnAroundJudged()
    expect(await child.call('exchange', host, peer, 8 * MIB)).toEqual({ intact: true })
    expect([...faults]).toEqual([])
    expect(counters()).toMatchObject(NOTHING_LOST)
  })

  test('datagrams of one send arrive as single ones, and leave merged with their boundaries kept', async () => {
    const { faults } = turnAroundJudged()
    expect(await sendDatagrams(lab, [host, peer])).toEqual({ received: 600, intact: true })
    expect([...faults]).toEqual([])
    const { superPacketsIn, superPacketsOut, segmentsIn, mergedOut, ...rest } = counters()
    expect({ superPacketsIn, superPacketsOut, segmentsIn, mergedOut }).toEqual({
      superPacketsIn: 20,
      superPacketsOut: 20,
      segmentsIn: 600,
      mergedOut: 600,
    })
    expect(rest).toMatchObject(NOTHING_LOST)
  })

  test('flows side by side keep their order, each', async () => {
    const child = await enter()
    const { faults } = turnAroundJudged()
    const before = await segmentsOvertaken(lab)
    const [datagrams, ...streams] = await Promise.all([
      sendDatagrams(lab, [host, peer]),
      ...[4, 3, 2, 1].map((size) => child.call('transfer', host, peer, size * MIB)),
    ])
    for (const stream of streams) expect(stream).toEqual({ intact: true, remote: peer })
    expect(datagrams).toEqual({ received: 600, intact: true })
    expect((await segmentsOvertaken(lab)) - before).toBe(0)
    expect([...faults]).toEqual([])
    expect(counters()).toMatchObject(NOTHING_LOST)
  })
})

test('a protocol that is switched off is neither asked of the kernel nor merged for it', async () => {
  const child = await enter()
  await open({ mode: 'split', udp: false })
  expect(device.offload).toEqual({ mode: 'split', tcp: 'on', udp: 'off' })
  const { faults } = turnAroundJudged()
  expect(await sendDatagrams(lab, [HOST, PEER])).toEqual({ received: 600, intact: true })
  expect(counters()).toMatchObject({ superPacketsIn: 0, superPacketsOut: 0, mergedOut: 0, segmentsIn: 0 })
  expect(await child.call('transfer', HOST, PEER, 4 * MIB)).toEqual({ intact: true, remote: PEER })
  expect(counters().superPacketsOut).toBeGreaterThan(0)
  expect([...faults]).toEqual([])
})

// Whoever gives back an error for what did not fit loses the tail of the super-packet.
describe('a batch with fewer places than a super-packet has segments', () => {
  beforeEach(() => open())

  test('loses none of them: the rest comes with the next calls, in order', async () => {
    await sendWithoutReader(20)
    const small = new PacketBatch({ packets: 4 })
    const sizes: number[] = []
    const numbers: number[] = []
    while (device.queue.readBatch(small) > 0) {
      sizes.push(small.count)
      for (let i = 0; i < small.count; i += 1)
        numbers.push(small.view.getUint32(small.packet(i).byteOffset + 28))
    }
    expect(sizes).toEqual([4, 4, 4, 4, 4])
    expect(numbers).toEqual([...Array(20).keys()])
    expect(counters()).toMatchObject({ ...NOTHING_LOST, superPacketsIn: 1, segmentsIn: 20 })
  })

  test('is announced again for the rest, although the descriptor has nothing to read any more', async () => {
    await sendWithoutReader(10)
    const small = new PacketBatch({ packets: 4 })
    const sizes: number[] = []
    await new Promise<void>((resolve) => {
      const stop = device.queue.onReadable(() => {
        sizes.push(device.queue.readBatch(small))
        if (sizes.length < 3) return
        stop()
        resolve()
      })
    })
    expect(sizes).toEqual([4, 4, 2])

    await sendWithoutReader(10)
    device.queue.readBatch(small)
    await device.queue.readable()
    device.queue.readBatch(small)
    await device.queue.readable()
    expect(device.queue.readBatch(small)).toBe(2)
    expect(device.queue.readBatch(small)).toBe(0)
  })

  test('comes through the packet face and batches() too', async () => {
    await sendWithoutReader(10)
    let count = 0
    for await (const packet of device.queue.packets()) {
      expect(packet.length).toBe(28 + 1000)
      count += 1
      if (count === 10) break
    }
    await sendWithoutReader(10)
    const sizes: number[] = []
    for await (const batch of device.queue.batches({ batch: { packets: 4 } })) {
      sizes.push(batch.count)
      if (sizes.length === 3) break
    }
    expect(sizes).toEqual([4, 4, 2])
  })

  test('carries a TCP transfer', async () => {
    const child = await enter()
    const { faults } = turnAroundJudged({ packets: 4 })
    expect(await child.call('transfer', HOST, PEER, 4 * MIB)).toEqual({ intact: true, remote: PEER })
    expect([...faults]).toEqual([])
    expect(counters()).toMatchObject(NOTHING_LOST)
  })

  test('with a slab that holds one packet of maximum size at a time', async () => {
    const child = await enter()
    const { faults } = turnAroundJudged({ slabBytes: 64 + 65_535 })
    expect(await child.call('transfer', HOST, PEER, 4 * MIB)).toEqual({ intact: true, remote: PEER })
    expect([...faults]).toEqual([])
  })

  /** Datagrams of 1,000 bytes, the first four of which are their number, in one super-packet. */
  async function sendWithoutReader(datagrams: number): Promise<void> {
    const script = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(17, 103, 1000)
s.sendto(b''.join(n.to_bytes(4, 'big') + bytes(996) for n in range(${datagrams})), ('${PEER}', 9))`
    await lab.exec('a', 'python3', ['-c', script])
  }
})

test('other packets pass between those that are merged', async () => {
  await open()
  const batch = new PacketBatch()
  for (let sequence = 1; sequence <= 3; sequence += 1) batch.append(echoRequest(PEER, HOST, sequence))
  expect(device.queue.writeBatch(batch)).toBe(3)
  expect(device.queue.readBatch(batch)).toBe(3)
  expect(counters()).toMatchObject({ ...NOTHING_LOST, mergedOut: 0, packetsOut: 3, packetsIn: 3 })
})
