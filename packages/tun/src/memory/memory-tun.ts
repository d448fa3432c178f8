import type { OffloadState } from '../queue/offload-switch.js'
import type { TunQueue } from '../queue/tun-queue.js'

/** One end of a pair that `createMemoryTun` made. Looks like a `TunDevice` as far as its packets go. */
export class MemoryTun implements AsyncDisposable {
  /** `memory0` or `memory1`. */
  readonly name: string
  /** 0: it is no interface. */
  readonly index = 0
  /** Where packets are read and written. */
  readonly queue: TunQueue

  /** @internal Use `createMemoryTun`. */
  constructor(queue: TunQueue) {
    this.name = queue.name
    this.queue = queue
  }

  /** What is live of super-packets. */
  get offload(): OffloadState {
    return this.queue.offload
  }

  /** Closes the queue. What was written into it is still the other side's to read; what waits to be read here is gone. Idempotent. */
  close(): Promise<void> {
    return this.queue.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
