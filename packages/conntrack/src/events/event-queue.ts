interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(reason: unknown): void
}

/**
 * What has been read and not been asked for yet, up to a limit.
 *
 * A full queue takes nothing until half of it is gone, so that one pause of the reader is one gap and not thousands.
 */
export class EventQueue<T> {
  readonly #limit: number
  readonly #gap: () => T
  readonly #waiters: Waiter<T>[] = []
  #items: T[] = []
  #head = 0
  #isDropping = false
  #end: { reason?: unknown; isError: boolean } | undefined

  /** `gap` makes the item that stands where items were dropped. */
  constructor(limit: number, gap: () => T) {
    this.#limit = limit
    this.#gap = gap
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  /** Drops the item if the queue is full: then a gap is what stands last in it. */
  push(item: T): void {
    if (this.#end) return
    const waiter = this.#waiters.shift()
    if (waiter) {
      waiter.resolve({ done: false, value: item })
      return
    }
    if (this.#isDropping && this.length > this.#limit / 2) return
    this.#isDropping = this.length >= this.#limit
    this.#items.push(this.#isDropping ? this.#gap() : item)
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) {
      const value = this.#items[this.#head++]!
      // Half of it is past: then forgetting that costs no more than it has brought.
      if (2 * this.#head >= this.#items.length) {
        this.#items = this.#items.slice(this.#head)
        this.#head = 0
      }
      return Promise.resolve({ done: false, value })
    }
    if (this.#end) {
      const { isError, reason } = this.#end
      // An error is told once.
      this.#end = { isError: false }
      return isError ? Promise.reject(reason) : Promise.resolve({ done: true, value: undefined })
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /** Nothing comes after what is queued. */
  end(): void {
    if (this.#end) return
    this.#end = { isError: false }
    for (const { resolve } of this.#waiters.splice(0)) resolve({ done: true, value: undefined })
  }

  /** After what is queued comes an error, told once. */
  fail(reason: unknown): void {
    if (this.#end) return
    const first = this.#waiters.shift()
    this.#end = { isError: first === undefined, reason }
    first?.reject(reason)
    for (const { resolve } of this.#waiters.splice(0)) resolve({ done: true, value: undefined })
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
