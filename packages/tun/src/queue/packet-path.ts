import type { PacketBatch } from '../batch/packet-batch.js'

/**
 * How batches pass between a caller and a driver. One file a kind: {@link PlainPath} hands them on, {@link RawPath} sends what the
 * kernel refuses as segments, {@link SplitPath} cuts what is read and merges what is written.
 */
export interface PacketPath {
  /** Fills the batch from its beginning; the count, or -errno. */
  read(batch: PacketBatch): number
  /** Writes packets `from` and later in order; the index of the first not written, or -errno. */
  write(batch: PacketBatch, from: number): number
  /** Whether something can be read without the driver. */
  readonly hasPending: boolean
  /** Packets of which a part was read, or written, and the rest is in hand: lost when the queue is closed. */
  readonly inHand: number
}
