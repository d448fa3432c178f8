/**
 * What carries the packets of one queue: the addon on a TUN descriptor, or a stand-in in memory. Everything
 * above it (offload, readiness, faces, counters) is the same for both.
 *
 * Numbers below 0 are -errno. Memory that is passed in is lent for the length of the call. The driver raises the
 * counters it was made with.
 */
export interface QueueDriver {
  /** The descriptor; -1 once closed, or where there is none. */
  readonly fd: number
  readonly name: string
  /** Interface index; 0 where there is none. */
  readonly index: number
  /** Lays packets out in the slab from its beginning; returns how many, 0 when there is nothing to read. */
  readBatch(slab: Uint8Array, descriptors: Int32Array, headroom: number, tailroom: number): number
  /**
   * Writes packets `from`..`count - 1` in order and gives each a status. Returns `count`, or the index at which it
   * stopped: with status 0, the device takes no more for now; with a status, the kernel refused this super-packet
   * with EINVAL, and what follows was not tried.
   */
  writeBatch(slab: Uint8Array, descriptors: Int32Array, from: number, count: number): number
  /** The same for the outputs of a merge plan, whose words are named in offload/plan-words.ts. */
  writeGathered(
    slab: Uint8Array,
    headers: Uint8Array,
    outputs: Int32Array,
    pieces: Int32Array,
    from: number,
    count: number,
  ): number
  /**
   * Calls back in every turn of the event loop in which one of `events` ({@link READABLE}, {@link WRITABLE}) holds,
   * with those that do, or with 0 once when the descriptor is in error. Called again, it replaces both.
   */
  startPolling(events: number, callback: (events: number) => void): number
  stopPolling(): void
  setRef(on: boolean): void
  /** Stops or resumes the kernel's use of this queue. Absent where there is one queue only. */
  setAttached?(on: boolean): number
  /** Gives the descriptor away without closing it. Absent where there is none. */
  release?(): number
  close(): void
}

export const READABLE = 1
export const WRITABLE = 2
