/** More are remembered only if somebody asks for very many remotes; then the oldest are forgotten, and cost one call each. */
const defaultMaximum = 16_384

/**
 * Remembers for what the kernel has just said "full". A refusal costs ten times a success, so a caller that asks again and again
 * must not be able to slow the others down.
 *
 * A memory ends when somebody who knows of room says so, and after `memoryMs` in any case: sockets of others come and go
 * without telling. As long as nothing is full, no key is built and no clock is read.
 */
export class FullMemory {
  readonly #memoryMs: number
  readonly #maximum: number
  readonly #now: () => number
  /** Until when to believe it. All are believed equally long, so the first is always the oldest. */
  readonly #until = new Map<string, number>()

  constructor(memoryMs: number, maximum = defaultMaximum, now = () => performance.now()) {
    this.#memoryMs = memoryMs
    this.#maximum = maximum
    this.#now = now
  }

  /** What is remembered, also what is not believed any more. */
  get size(): number {
    return this.#until.size
  }

  isFull(kind: string, remoteAddress = '', remotePort = 0): boolean {
    if (this.#until.size === 0) return false
    this.#forgetOld()
    return this.#until.size > 0 && this.#until.has(keyOf(kind, remoteAddress, remotePort))
  }

  /** The kernel has refused just now. */
  remember(kind: string, remoteAddress = '', remotePort = 0): void {
    if (this.#memoryMs === 0) return
    const key = keyOf(kind, remoteAddress, remotePort)
    this.#until.delete(key)
    if (this.#until.size >= this.#maximum) this.#until.delete(this.#until.keys().next().value!)
    this.#until.set(key, this.#now() + this.#memoryMs)
  }

  /** There is room again. */
  forget(kind: string, remoteAddress = '', remotePort = 0): void {
    if (this.#until.size > 0) this.#until.delete(keyOf(kind, remoteAddress, remotePort))
  }

  forgetAll(): void {
    this.#until.clear()
  }

  #forgetOld(): void {
    const now = this.#now()
    for (const [key, until] of this.#until) {
      if (until > now) return
      this.#until.delete(key)
    }
  }
}

function keyOf(kind: string, remoteAddress: string, remotePort: number): string {
  return `${kind} ${remoteAddress} ${remotePort}`
}
