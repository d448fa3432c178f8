import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { abortError } from '../errors/abort-error.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { TUN_COUNTER } from '../queue/tun-counter.js'

/**
 * Writes packets in order under back-pressure, as few batches as they fit in.
 *
 * A packet that is refused is lost with a counter and a `drop` event; that is no error of the stream. Packets that a rejected write left
 * unwritten are counted as `dropAbandoned`.
 */
export class PacketWriter {
  readonly #queue: PacketQueue
  #batch: PacketBatch | undefined
  /** Up to here the batch is written. */
  #next = 0

  constructor(queue: PacketQueue) {
    this.#queue = queue
  }

  /**
   * Rejects with TypeError or RangeError for what is no packet, when those before it are written; with an `AbortError` when
   * `signal` aborts; and as `TunQueue.writable`.
   */
  async write(packets: readonly Uint8Array[], signal?: AbortSignal): Promise<void> {
    // Not before it is needed: a stream that is only read from should not cost 256 KiB.
    this.#batch ??= new PacketBatch({ packets: 64, slabBytes: 1 << 18 })
    let taken = 0
    try {
      while (taken < packets.length) {
        if (signal?.aborted) throw abortError(signal)
        taken += this.#take(this.#batch, packets, taken)
        await this.#flush(this.#batch, signal)
      }
    } catch (error) {
      this.#queue.counters[TUN_COUNTER.dropAbandoned]! +=
        unwritten(this.#batch, this.#next) + packets.slice(taken).filter(isPacket).length
      throw error
    } finally {
      this.#batch.clear()
      this.#next = 0
    }
  }

  /** Fills the batch and returns how many it took. */
  #take(batch: PacketBatch, packets: readonly Uint8Array[], from: number): number {
    batch.clear()
    this.#next = 0
    let index = from
    try {
      while (index < packets.length && batch.append(packets[index]!) >= 0) index += 1
    } catch (error) {
      // Those before it go out first; then it is met again.
      if (batch.count === 0) throw error
    }
    return index - from
  }

  async #flush(batch: PacketBatch, signal: AbortSignal | undefined): Promise<void> {
    this.#next = this.#queue.writeBatch(batch)
    while (this.#next < batch.count) {
      await this.#queue.writable({ signal })
      this.#next = this.#queue.writeBatch(batch, this.#next)
    }
  }
}

/** Packets of the batch that are not out; one behind the first of them that is out already has the length 0. */
function unwritten({ descriptors, count }: PacketBatch, from: number): number {
  let packets = 0
  for (let index = from; index < count; index += 1) {
    if (descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.length] !== 0) packets += 1
  }
  return packets
}

function isPacket(packet: unknown): boolean {
  return packet instanceof Uint8Array && packet.length > 0 && packet.length <= 0xffff
}
