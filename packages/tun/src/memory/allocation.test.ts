import { devNull } from 'node:os'
import { expect, test } from 'vitest'
import { PacketBatch } from '../batch/packet-batch.js'
import { createPcapWriter } from '../pcap/index.js'
import { createMemoryTun } from './index.js'
import { heapGrowth } from './testing/heap-growth.js'
import { ipv4Packet } from './testing/ipv4-packet.js'

const BATCHES = 200
const PACKETS = 250

function batchOfEthernetSize(): PacketBatch {
  const batch = new PacketBatch({ packets: PACKETS })
  for (let i = 0; i < PACKETS; i += 1) batch.append(ipv4Packet(new Uint8Array(1480)))
  return batch
}

/** Bytes of heap a packet, when the code is warm. One object would be 16 at the very least. */
function growthPerPacket(round: () => void): number {
  const run = () => {
    for (let i = 0; i < BATCHES; i += 1) round()
  }
  run()
  return heapGrowth(run) / (BATCHES * PACKETS)
}

test('packets go round between two queues in memory, and nothing is allocated for one', async () => {
  const [a, b] = createMemoryTun()
  const batch = batchOfEthernetSize()
  const growth = growthPerPacket(() => {
    if (a.queue.writeBatch(batch) !== PACKETS || b.queue.readBatch(batch) !== PACKETS) throw new Error('lost')
  })
  expect(growth).toBeLessThan(8)
  await Promise.all([a.close(), b.close()])
})

test('batches are recorded, and nothing is allocated for a packet', async () => {
  const writer = await createPcapWriter(devNull, { bufferBytes: 1 << 28 })
  const batch = batchOfEthernetSize()
  expect(growthPerPacket(() => void writer.writeBatch(batch))).toBeLessThan(8)
  expect(writer.dropped).toBe(0)
  await writer.close()
})
