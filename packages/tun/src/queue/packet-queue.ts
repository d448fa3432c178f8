import type { PacketBatch } from '../batch/packet-batch.js'

/** Options of a wait. */
export interface WaitOptions {
  signal?: AbortSignal | undefined
}

/** What the faces need of a queue; what each call does is said at `TunQueue`. */
export interface PacketQueue {
  readonly name: string
  readonly counters: Float64Array
  /** Resolves when the queue is closed or transferred; never rejects. */
  readonly closed: Promise<void>
  readBatch(batch: PacketBatch): number
  writeBatch(batch: PacketBatch, from?: number): number
  tryRead(): Uint8Array | undefined
  onReadable(callback: () => void): () => void
  onWritable(callback: () => void): () => void
  readable(options?: WaitOptions): Promise<void>
  writable(options?: WaitOptions): Promise<void>
}
