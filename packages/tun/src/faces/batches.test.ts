import { expect, test, vi } from 'vitest'
import { PacketBatch } from '../batch/packet-batch.js'
import { createMemoryTun } from '../memory/index.js'
import { datagram } from './testing/datagram.js'

function received() {
  const [near, far] = createMemoryTun()
  far.queue.tryWrite(datagram(1))
  return near.queue
}

test('without guard the batch is the caller’s own, and as it was when the iteration is over', async () => {
  const mine = new PacketBatch()
  const before = Reflect.ownKeys(mine)
  for await (const batch of received().batches({ batch: mine, guard: false })) {
    expect(batch).toBe(mine)
    batch.release()
    break
  }
  expect(Reflect.ownKeys(mine)).toEqual(before)
  expect(mine.count).toBe(1)
})

test.each([true, false])('a batch of another copy of the package is filled, with guard %s', async (guard) => {
  vi.resetModules()
  const { PacketBatch: Foreign } = await import('../batch/packet-batch.js')
  const mine = new Foreign() as PacketBatch
  expect(mine).not.toBeInstanceOf(PacketBatch)
  for await (const batch of received().batches({ batch: mine, guard })) {
    expect(batch.slab).toBe(mine.slab)
    expect(batch.packet(0)[20]).toBe(1)
    break
  }
})

test('wrong options are refused at once', () => {
  const queue = received()
  const type = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' })
  for (const options of [null, 5, { signal: {} }, { guard: 1 }, { batch: 5 }, { batch: null }]) {
    expect(() => queue.batches(options as never)).toThrow(type)
  }
  for (const options of [null, 5, { signal: {} }]) {
    expect(() => queue.packets(options as never)).toThrow(type)
  }
  queue.batches({ signal: undefined, batch: undefined, guard: undefined })
  queue.packets({ signal: undefined })
})
