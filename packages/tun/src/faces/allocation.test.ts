import { expect, test } from 'vitest'
import type { PacketBatch } from '../batch/packet-batch.js'
import { heapGrowth } from '../memory/testing/heap-growth.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { forwardBatches } from './forward-batches.js'

const BATCHES = 20_000

/** A queue that is never empty and never full, and says that something is to be read whenever `turn` is called. */
class EndlessQueue implements PacketQueue {
  readonly name = 'endless'
  readonly counters = new Float64Array(64)
  readonly closed = new Promise<void>(() => {})
  turn = () => {}

  readBatch(batch: PacketBatch): number {
    batch.count = batch.capacity
    return batch.count
  }

  writeBatch(batch: PacketBatch): number {
    return batch.count
  }

  onReadable(callback: () => void): () => void {
    this.turn = callback
    return () => {}
  }

  onWritable(): () => void {
    return () => {}
  }

  tryRead = () => undefined
  readable = async () => {}
  writable = async () => {}
}

test('nothing is allocated to forward a batch', async () => {
  const queue = new EndlessQueue()
  const stopped = new AbortController()
  let seen = 0
  const edit = (batch: PacketBatch) => {
    seen += batch.count
  }
  const forwarding = forwardBatches(queue, queue, edit, { signal: stopped.signal, batch: { packets: 16 } })
  const run = () => {
    for (let i = 0; i < BATCHES; i += 1) queue.turn()
  }
  run()
  expect(heapGrowth(run) / BATCHES).toBeLessThan(8)
  expect(seen).toBe(2 * BATCHES * 16)
  stopped.abort()
  expect(await forwarding).toBe(0)
})
