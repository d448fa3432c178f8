/** One epoll of the addon. Everything returns 0 or more, or `-errno`. */
export interface ReadinessSet {
  /**
   * Tells once of an error or a hang-up, and of writability if asked. What is owned is closed if the thread ends while
   * it is in the set.
   */
  add(fd: number, token: number, writable: boolean, owned: boolean): number
  remove(fd: number): number
  /** Fills pairs of token and EPOLL bits, and returns how many. What does not fit is told next time. */
  drain(events: Uint32Array): number
  ref(): void
  unref(): void
}

export interface ReadinessBinding {
  /** `onReadable` is called from the event loop. Throws with `errno`, `code` and `syscall`. */
  readonly ReadinessSet: new (
    onReadable: () => void,
  ) => ReadinessSet
  /** SO_ERROR, which asking clears. */
  socketError(fd: number): number
}
