import { expect, test } from 'vitest'
import { PacketBatch } from '../batch/packet-batch.js'
import { appendSuper, buildPacket, bytesOf } from '../offload/testing/build-packet.js'
import { MoodyDriver } from './testing/moody-driver.js'
import { createCounters, TUN_COUNTER } from './tun-counter.js'
import { TunQueue } from './tun-queue.js'

const SEGMENT = 100
const SEGMENTS = 10

/** A raw queue whose driver refuses super-packets of TCP and has room for so many packets more. */
function refusingQueue() {
  const room = { left: 0 }
  const driver = new MoodyDriver(() => room.left-- <= 0, new Set(['tcp']))
  const counters = createCounters()
  const queue = new TunQueue(driver, counters, { mode: 'raw', tcp: 'on', udp: 'on' })
  return { room, driver, queue, counters }
}

function superPacket(): PacketBatch {
  const batch = new PacketBatch()
  appendSuper(batch, { protocol: 'tcp', payload: bytesOf(SEGMENTS * SEGMENT, 1) }, SEGMENT)
  return batch
}

const other = buildPacket({ protocol: 'udp', payload: bytesOf(9, 2) })

test('the rest of a super-packet waits for its own batch, whatever others write meanwhile', () => {
  const { room, driver, queue, counters } = refusingQueue()
  const batch = superPacket()
  // One for the super-packet itself, which is refused.
  room.left = 6
  expect(queue.writeBatch(batch)).toBe(0)
  expect(driver.taken).toHaveLength(5)
  room.left = 0
  expect(queue.tryWrite(other)).toBe(false)
  room.left = 1
  expect(queue.tryWrite(other)).toBe(true)
  room.left = 100
  expect(queue.writeBatch(batch)).toBe(1)
  expect(driver.taken).toHaveLength(SEGMENTS + 1)
  expect(counters[TUN_COUNTER.dropAbandoned]).toBe(0)
})

test('a rest whose batch was filled anew, or whose queue was closed, is counted', async () => {
  const { room, queue, counters } = refusingQueue()
  const [first, second] = [superPacket(), superPacket()]
  room.left = 2
  expect(queue.writeBatch(first)).toBe(0)
  first.clear()
  room.left = 2
  expect(queue.writeBatch(second)).toBe(0)
  expect(counters[TUN_COUNTER.dropAbandoned]).toBe(1)
  await queue.close()
  await queue.closed
  expect(counters[TUN_COUNTER.dropAbandoned]).toBe(2)
})
