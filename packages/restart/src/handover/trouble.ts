/** What first goes wrong ends everything that waits; what goes wrong after it is a consequence. */
export class Trouble {
  readonly #promise: Promise<never>
  #reject!: (error: Error) => void
  #first: Error | undefined

  constructor() {
    this.#promise = new Promise((_, reject) => {
      this.#reject = reject
    })
    // Nobody may be waiting when it happens.
    this.#promise.catch(() => {})
  }

  get first(): Error | undefined {
    return this.#first
  }

  raise(error: Error): void {
    this.#first ??= error
    this.#reject(this.#first)
  }

  /** The result of `work`, unless trouble comes first; what `work` then does is nobody's concern. */
  guard<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {})
    return Promise.race([this.#promise, work])
  }
}
