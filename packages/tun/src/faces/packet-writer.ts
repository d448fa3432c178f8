import { PacketBatch } from '../batch/packet-batch.js'
import type { PacketQueue } from '../queue/packet-queue.js'

/**
 * Writes packets in order under back-pressure, as few batches as they fit in.
 *
 * A packet that is refused is lost with a counter and a `drop` event; that is no error of the stream.
 */
export class PacketWriter {
  readonly #queue: PacketQueue
  readonly #batch = new PacketBatch({ packets: 64, slabBytes: 1 << 18 })

  constructor(queue: PacketQueue) {
    this.#queue = queue
  }

  /** Rejects with TypeError or RangeError for what is no packet, and as `TunQueue.writable`. */
  async write(packets: readonly Uint8Array[], signal?: AbortSignal): Promise<void> {
    const batch = this.#batch
    batch.clear()
    for (const packet of packets) {
      if (batch.append(packet) >= 0) continue
      await this.#flush(signal)
      batch.append(packet)
    }
    await this.#flush(signal)
  }

  async #flush(signal: AbortSignal | undefined): Promise<void> {
    const batch = this.#batch
    let next = this.#queue.writeBatch(batch)
    while (next < batch.count) {
      await this.#queue.writable(signal === undefined ? {} : { signal })
      next = this.#queue.writeBatch(batch, next)
    }
    batch.clear()
  }
}
