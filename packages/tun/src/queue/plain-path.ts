import type { PacketBatch } from '../batch/packet-batch.js'
import type { PacketPath } from './packet-path.js'
import type { QueueDriver } from './queue-driver.js'

/** Packets pass as they are. */
export class PlainPath implements PacketPath {
  readonly hasPending: boolean = false
  readonly #driver: QueueDriver

  constructor(driver: QueueDriver) {
    this.#driver = driver
  }

  get inHand(): number {
    return 0
  }

  read(batch: PacketBatch): number {
    const { slab, descriptors, headroom, tailroom } = batch
    const count = this.#driver.readBatch(slab, descriptors, headroom, tailroom)
    batch.adopt(Math.max(count, 0))
    return count
  }

  write(batch: PacketBatch, from: number): number {
    return this.#driver.writeBatch(batch.slab, batch.descriptors, from, batch.count)
  }
}
