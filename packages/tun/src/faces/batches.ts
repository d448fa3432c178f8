import { setImmediate as nextTurn } from 'node:timers/promises'
import { PacketBatch, type PacketBatchOptions } from '../batch/packet-batch.js'
import { abortError } from '../errors/abort-error.js'
import { requireBoolean } from '../errors/invalid-argument.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { BatchLender, type BorrowedBatch } from './borrowed-batch.js'
import { endsWhenClosed } from './ends-when-closed.js'

export type { BorrowedBatch } from './borrowed-batch.js'

/** Options of `TunQueue.batches`. */
export interface BatchesOptions {
  signal?: AbortSignal
  /** The batch that is filled again and again, or the dimensions of one. Default: a new one of default size. */
  batch?: PacketBatch | PacketBatchOptions
  /**
   * Makes every use of a batch after its release throw `ERR_TUN_RELEASED`, at the price of a Proxy and of overwriting the packets.
   * Default: on, unless NODE_ENV is `production`.
   */
  guard?: boolean
}

/** Yields batch after batch; a busy device gets one a turn of the event loop, so that timers and sockets get theirs. */
export async function* iterateBatches(
  queue: PacketQueue,
  { signal, batch = {}, guard = process.env.NODE_ENV !== 'production' }: BatchesOptions,
): AsyncGenerator<BorrowedBatch, void, undefined> {
  requireBoolean('guard', guard)
  const slab = batch instanceof PacketBatch ? batch : new PacketBatch(batch)
  const lender = new BatchLender(slab, guard)
  const wait = signal === undefined ? {} : { signal }
  try {
    while (await endsWhenClosed(() => fill(queue, slab, wait))) {
      yield lender.lend()
      lender.takeBack()
      await nextTurn(undefined, wait)
    }
  } finally {
    lender.takeBack()
  }
}

async function fill(queue: PacketQueue, batch: PacketBatch, wait: { signal?: AbortSignal }): Promise<true> {
  if (wait.signal?.aborted) throw abortError(wait.signal)
  while (queue.readBatch(batch) === 0) await queue.readable(wait)
  return true
}
