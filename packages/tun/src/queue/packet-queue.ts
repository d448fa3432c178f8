import type { PacketBatch } from '../batch/packet-batch.js'

/** Options of a wait. */
export interface WaitOptions {
  signal?: AbortSignal
}

/** What the faces need of a queue; what each call does is said at `TunQueue`. */
export interface PacketQueue {
  readBatch(batch: PacketBatch): number
  writeBatch(batch: PacketBatch, from?: number): number
  tryRead(): Uint8Array | undefined
  onReadable(callback: () => void): () => void
  onWritable(callback: () => void): () => void
  readable(options?: WaitOptions): Promise<void>
  writable(options?: WaitOptions): Promise<void>
}
