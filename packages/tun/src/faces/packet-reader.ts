import { setImmediate as nextTurn } from 'node:timers/promises'
import { abortError } from '../errors/abort-error.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { endsWhenClosed } from './ends-when-closed.js'

/** Packets in a turn of the event loop before timers and sockets get theirs. */
const PACKETS_PER_TURN = 64

/**
 * Copies of packets, one after the other, waited for. They are read one by one, so that none is in hand, and lost, when
 * whoever asks stops asking.
 */
export class PacketReader {
  readonly #queue: PacketQueue
  readonly #wait: { signal: AbortSignal | undefined }
  #inTurn = 0

  constructor(queue: PacketQueue, signal?: AbortSignal) {
    this.#queue = queue
    this.#wait = { signal }
  }

  /** Undefined once the queue is closed. Rejects as `TunQueue.readable` and throws as `TunQueue.readBatch`. */
  next(): Promise<Uint8Array | undefined> {
    return endsWhenClosed(() => this.#next())
  }

  async #next(): Promise<Uint8Array> {
    const { signal } = this.#wait
    if (signal?.aborted) throw abortError(signal)
    this.#inTurn += 1
    if (this.#inTurn > PACKETS_PER_TURN) {
      this.#inTurn = 0
      await nextTurn(undefined, this.#wait)
    }
    for (;;) {
      const packet = this.#queue.tryRead()
      if (packet !== undefined) return packet
      this.#inTurn = 0
      await this.#queue.readable(this.#wait)
    }
  }
}
