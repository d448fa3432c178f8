import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import type { PacketBatch, PacketBatchOptions } from '../batch/packet-batch.js'
import { invalidType, requireSignal } from '../errors/invalid-argument.js'
import { isTunError } from '../errors/tun-error.js'
import { packetError } from '../queue/packet-error.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { batchOf } from './batch-of.js'
import { requireOptions } from './require-options.js'
import { whenClosed } from './when-closed.js'

/** Options of {@link forwardBatches}. */
export interface ForwardOptions {
  /** The batch that is filled again and again, or the dimensions of one. Default: a new one of default size. */
  batch?: PacketBatch | PacketBatchOptions | undefined
  /** Stops forwarding; also out of `edit`, after which nothing is written. */
  signal?: AbortSignal | undefined
}

/** Status of a packet whose device was deleted. */
const EBADFD = 77

/**
 * Forwards what is read from one queue to another, or back to the same: one batch a turn of the event loop, no promise, no allocation.
 *
 * `edit` sees each batch in between and changes it where it lies; a packet that is not to go on gets the length 0. Nothing is read while
 * the other queue is full and a rest waits, so packets stay in order and the kernel's own queue fills up instead of memory. Any
 * number of loops may write to one queue; each reads from one of its own.
 *
 * Resolves when `signal` aborts or one of the queues is closed, with the number of packets that were read and not written: they are lost.
 * A packet of length 0 is none. What was read and could not be written for another reason is counted by the queue, see {@link packetError}.
 *
 * Rejects with what reading, writing or `edit` threw, and then the batch in hand is lost: with TunError `EBADFD` when a device was
 * deleted (a device that is only written to is found deleted with the next packet), `ERR_TUN_WATCHED` if `from` has an `onReadable` callback
 * already; with TypeError or RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function forwardBatches(
  from: PacketQueue,
  to: PacketQueue,
  edit: (batch: PacketBatch) => void,
  options: ForwardOptions = {},
): Promise<number> {
  if (typeof edit !== 'function') throw invalidType('edit', 'a function', edit)
  requireOptions(options)
  const { batch, signal } = options
  requireSignal('signal', signal)
  return new Forwarding(from, to, edit, batchOf(batch), signal).ended
}

class Forwarding {
  readonly ended: Promise<number>
  readonly #from: PacketQueue
  readonly #to: PacketQueue
  readonly #edit: (batch: PacketBatch) => void
  readonly #batch: PacketBatch
  #resolve!: (lost: number) => void
  #reject!: (error: unknown) => void
  /** Up to here the batch is written. */
  #next: number
  #isEditing = false
  #isOver = false
  #stopWaiting = () => {}
  #stopListening = () => {}

  constructor(
    from: PacketQueue,
    to: PacketQueue,
    edit: (batch: PacketBatch) => void,
    batch: PacketBatch,
    signal: AbortSignal | undefined,
  ) {
    this.#from = from
    this.#to = to
    this.#edit = edit
    this.#batch = batch
    // What the caller's batch holds was not read here.
    this.#next = batch.count
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (signal?.aborted) this.#end()
    else this.#begin(signal)
  }

  #begin(signal: AbortSignal | undefined): void {
    const forget = [whenClosed(this.#from, this.#end), whenClosed(this.#to, this.#end)]
    signal?.addEventListener('abort', this.#end)
    this.#stopListening = () => {
      for (const stop of forget) stop()
      signal?.removeEventListener('abort', this.#end)
    }
    try {
      this.#awaitPackets()
    } catch (error) {
      this.#fail(error)
    }
  }

  #awaitPackets(): void {
    this.#stopWaiting()
    this.#stopWaiting = this.#from.onReadable(this.#read)
  }

  #awaitRoom(): void {
    this.#stopWaiting()
    this.#stopWaiting = this.#to.onWritable(this.#flush)
  }

  readonly #read = (): void => {
    const batch = this.#batch
    try {
      if (this.#from.readBatch(batch) === 0) return
      this.#next = 0
      if (!this.#editBatch()) return
      this.#write()
      if (this.#next < batch.count) this.#awaitRoom()
    } catch (error) {
      this.#fail(error)
    }
  }

  readonly #flush = (): void => {
    try {
      this.#write()
      if (this.#next === this.#batch.count) this.#awaitPackets()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** False if that was the end. Its errors are the caller's, whatever their code. */
  #editBatch(): boolean {
    this.#isEditing = true
    try {
      this.#edit(this.#batch)
    } catch (error) {
      this.#finish()
      this.#reject(error)
    }
    this.#isEditing = false
    if (this.#isOver) this.#resolve(this.#inHand())
    return !this.#isOver
  }

  #write(): void {
    const batch = this.#batch
    const first = this.#next
    this.#next = this.#to.writeBatch(batch, first)
    const { descriptors } = batch
    for (let index = first, words = first * DESCRIPTOR_WORDS; index < this.#next; index += 1) {
      // The status of a packet of length 0 is whatever it was.
      const isGone = descriptors[words + DESCRIPTOR.status] === EBADFD
      if (isGone && descriptors[words + DESCRIPTOR.length] !== 0)
        throw packetError(batch, index, this.#to.name)
      words += DESCRIPTOR_WORDS
    }
  }

  /** Aborted, or a queue was closed. */
  readonly #end = (): void => {
    this.#finish()
    // What `edit` lets go on is known when it returns.
    if (!this.#isEditing) this.#resolve(this.#inHand())
  }

  #fail(error: unknown): void {
    if (isTunError(error) && error.code === 'ERR_TUN_CLOSED') {
      this.#end()
      return
    }
    this.#finish()
    this.#reject(error)
  }

  #finish(): void {
    this.#isOver = true
    this.#stopListening()
    this.#stopWaiting()
  }

  #inHand(): number {
    const { descriptors, count } = this.#batch
    let packets = 0
    for (let index = this.#next; index < count; index += 1) {
      if (descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.length] !== 0) packets += 1
    }
    return packets
  }
}
