import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PacketBatch, PacketBatchOptions } from '../batch/packet-batch.js'
import { abortError } from '../errors/abort-error.js'
import { requireBoolean, requireSignal } from '../errors/invalid-argument.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { batchOf } from './batch-of.js'
import { BatchLender, type BorrowedBatch } from './borrowed-batch.js'
import { endsWhenClosed } from './ends-when-closed.js'
import { requireOptions } from './require-options.js'

export type { BorrowedBatch } from './borrowed-batch.js'

/** Options of `TunQueue.batches`. */
export interface BatchesOptions {
  signal?: AbortSignal | undefined
  /** The batch that is filled again and again, or the dimensions of one. Default: a new one of default size. */
  batch?: PacketBatch | PacketBatchOptions | undefined
  /**
   * Makes every use of a batch after its release throw `ERR_TUN_RELEASED`, at the price of a Proxy and of overwriting the packets.
   * Without, the batch itself is lent; it has `release` until the iteration ends. Default: on, unless NODE_ENV is `production`.
   */
  guard?: boolean | undefined
}

/**
 * Batch after batch; a busy device gives one a turn of the event loop, so that timers and sockets get theirs.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, at once
 */
export function iterateBatches(
  queue: PacketQueue,
  options: BatchesOptions,
): AsyncGenerator<BorrowedBatch, void, undefined> {
  requireOptions(options)
  const { signal, batch, guard = process.env.NODE_ENV !== 'production' } = options
  requireSignal('signal', signal)
  requireBoolean('guard', guard)
  return lendBatches(queue, batchOf(batch), guard, { signal })
}

async function* lendBatches(
  queue: PacketQueue,
  slab: PacketBatch,
  guard: boolean,
  wait: { signal: AbortSignal | undefined },
): AsyncGenerator<BorrowedBatch, void, undefined> {
  const lender = new BatchLender(slab, guard)
  try {
    while (await endsWhenClosed(() => fill(queue, slab, wait))) {
      yield lender.lend()
      lender.takeBack()
      await nextTurn(undefined, wait)
    }
  } finally {
    lender.close()
  }
}

async function fill(
  queue: PacketQueue,
  batch: PacketBatch,
  wait: { signal: AbortSignal | undefined },
): Promise<true> {
  if (wait.signal?.aborted) throw abortError(wait.signal)
  while (queue.readBatch(batch) === 0) await queue.readable(wait)
  return true
}
