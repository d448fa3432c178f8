import { PacketBatch, type PacketBatchOptions } from '../batch/packet-batch.js'
import { invalidType } from '../errors/invalid-argument.js'
import { isTunError } from '../errors/tun-error.js'
import type { PacketQueue } from '../queue/packet-queue.js'

/** Options of {@link forwardBatches}. */
export interface ForwardOptions {
  /** The batch that is filled again and again, or the dimensions of one. Default: a new one of default size. */
  batch?: PacketBatch | PacketBatchOptions
  /** What reading or `edit` threw; forwarding has stopped. Default: an `uncaughtException`. */
  onError?: (error: unknown) => void
}

/**
 * Forwards what is read from one queue to another, or back to the same: one batch a turn of the event loop, no promise, no allocation.
 *
 * `edit` sees each batch in between and changes it where it lies; a packet that is not to go on gets the length 0. Nothing is read while
 * the other queue is full and a rest waits, so packets stay in order and the kernel's own queue fills up instead of memory.
 *
 * Ends when a queue is closed. Returns the function that stops it before. That returns how many packets it had in hand still, which are lost.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, TunError `ERR_TUN_WATCHED` if a callback is installed already, `ERR_TUN_CLOSED`
 */
export function forwardBatches(
  from: PacketQueue,
  to: PacketQueue,
  edit: (batch: PacketBatch) => void,
  options: ForwardOptions = {},
): () => number {
  if (typeof edit !== 'function') throw invalidType('edit', 'a function', edit)
  const { batch: dimensions = {}, onError } = options
  const batch = dimensions instanceof PacketBatch ? dimensions : new PacketBatch(dimensions)
  // Up to here the batch is written.
  let next = 0
  let stopWaiting = () => {}

  const guarded = (step: () => void) => () => {
    try {
      step()
    } catch (error) {
      stopWaiting()
      if (isTunError(error) && error.code === 'ERR_TUN_CLOSED') return
      if (onError === undefined) throw error
      onError(error)
    }
  }
  const read = guarded(() => {
    next = 0
    if (from.readBatch(batch) === 0) return
    edit(batch)
    next = to.writeBatch(batch)
    if (next < batch.count) wait(() => to.onWritable(flush))
  })
  const flush = guarded(() => {
    next = to.writeBatch(batch, next)
    if (next === batch.count) wait(() => from.onReadable(read))
  })
  const wait = (install: () => () => void) => {
    stopWaiting()
    stopWaiting = install()
  }

  wait(() => from.onReadable(read))
  return () => {
    stopWaiting()
    return batch.count - next
  }
}
