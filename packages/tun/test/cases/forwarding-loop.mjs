import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  openTun,
  PacketBatch,
  readCounters,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '@slatfatf/tun'

const DATAGRAMS = 240
const SEGMENTS = 60
const PAYLOAD_BYTES = 1000
const HEADER_BYTES = 28
const TTL = 64

/**
 * Lets datagrams go round until `packets` have been read, of which a super-packet is one: written to the device they are forwarded, to the device, with a time to
 * live that is one lower, read, and given their old one back. The kernel carries them as super-packets where there is offload.
 *
 * Resolves with what the round cost: minor collections, and what heap and resident memory grew by.
 */
export async function circulate(packets, offload, face) {
  const device = await openTun({ offload, configure: { up: true, addresses: ['192.0.2.1/24'] } })
  const batch = new PacketBatch()
  const run = face === 'onReadable' ? runWithCallback : runWithBatches
  const segments = offload === 'raw' ? SEGMENTS : 1
  for (let i = 0; i < DATAGRAMS; i += segments) appendDatagrams(batch, segments)
  device.queue.writeBatch(batch)

  // Everything that is made once is made by then.
  await run(device.queue, batch, packets / 10)
  const before = await settledMemory()
  let collections = 0
  const count = (entries) => {
    for (const { detail } of entries)
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections += 1
  }
  const observer = new PerformanceObserver((list) => count(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  const read = await run(device.queue, batch, packets)
  count(observer.takeRecords())
  observer.disconnect()
  const after = await settledMemory()
  const counters = readCounters(device.queue.counters)
  await device.close()
  return {
    read,
    collections,
    heapBytes: after.heapUsed - before.heapUsed,
    residentBytes: after.rss - before.rss,
    counters,
  }
}

async function settledMemory() {
  for (let i = 0; i < 3; i += 1) {
    await nextTurn()
    globalThis.gc()
  }
  return process.memoryUsage()
}

function runWithCallback(queue, batch, packets) {
  let read = 0
  return new Promise((resolve) => {
    const stop = queue.onReadable(() => {
      read += queue.readBatch(batch)
      giveBack(queue, batch)
      if (read < packets) return
      stop()
      resolve(read)
    })
  })
}

async function runWithBatches(queue, batch, packets) {
  let read = 0
  for await (const lent of queue.batches({ batch, guard: false })) {
    read += lent.count
    giveBack(queue, lent)
    if (read >= packets) break
  }
  return read
}

function giveBack(queue, batch) {
  const { view, descriptors, count } = batch
  for (let i = 0; i < count; i += 1) {
    const ip = descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.offset]
    // RFC 1624: a time to live that is one higher makes the checksum 0x100 lower.
    view.setUint8(ip + 8, TTL)
    const sum = view.getUint16(ip + 10) + 0xfeff
    view.setUint16(ip + 10, (sum & 0xffff) + (sum >> 16))
  }
  if (queue.writeBatch(batch) !== count) throw new Error('the device takes no more')
}

/** UDP from 192.0.2.9 to 192.0.2.7, that is from one host behind the device to another; more than one as a super-packet. */
function appendDatagrams(batch, segments) {
  const bytes = HEADER_BYTES + segments * PAYLOAD_BYTES
  const words = batch.allocate(bytes) * DESCRIPTOR_WORDS
  const { view, descriptors } = batch
  const ip = descriptors[words + DESCRIPTOR.offset]
  view.setUint32(ip, 0x45000000 | bytes)
  view.setUint32(ip + 4, 0x4000)
  view.setUint32(ip + 8, (TTL << 24) | (17 << 16))
  view.setUint32(ip + 12, 0xc0000209)
  view.setUint32(ip + 16, 0xc0000207)
  view.setUint16(ip + 10, ~sum(view, ip, 20, 0))
  const pseudoHeader = sum(view, ip + 12, 8, 17 + bytes - 20)
  view.setUint16(ip + 20, 1000)
  view.setUint16(ip + 22, 2000)
  view.setUint16(ip + 24, bytes - 20)
  // The payload is zero.
  view.setUint16(ip + 26, segments > 1 ? pseudoHeader : ~sum(view, ip + 20, 6, pseudoHeader))
  if (segments === 1) return
  descriptors[words + DESCRIPTOR.flags] = VIRTIO_NET_HDR_F_NEEDS_CSUM
  descriptors[words + DESCRIPTOR.gsoType] = VIRTIO_NET_HDR_GSO_UDP_L4
  descriptors[words + DESCRIPTOR.headerLength] = HEADER_BYTES
  descriptors[words + DESCRIPTOR.gsoSize] = PAYLOAD_BYTES
  descriptors[words + DESCRIPTOR.checksumStart] = 20
  descriptors[words + DESCRIPTOR.checksumOffset] = 6
}

function sum(view, start, bytes, initial) {
  let total = initial
  for (let at = start; at < start + bytes; at += 2) total += view.getUint16(at)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}
