import { randomInt } from 'node:crypto'

/** How many ports that others hold are tried before the range counts as full. Each costs about 25 µs. */
const maximumTries = 64

/**
 * Finds free ports (or echo ids) of a range by naming them to the kernel one by one, where it cannot pick, or only slowly.
 *
 * Whether a port is free is the kernel's decision alone. The set of what is held here saves calls whose answer is known;
 * it costs one byte for each port of the range.
 */
export class NamedPorts {
  readonly #first: number
  readonly #held: Uint8Array
  #heldCount = 0

  constructor(first: number, last: number) {
    this.#first = first
    this.#held = new Uint8Array(last - first + 1)
  }

  /**
   * Asks for ports that are not held here, from a random one on (RFC 6056), until `ask` returns something for one. Undefined
   * if there is none, or if 64 in a row were refused.
   */
  search<T>(ask: (port: number) => T | undefined): T | undefined {
    const size = this.#held.length
    const open = size - this.#heldCount
    // Where few are left, one after the other tries each once, and the answer is certain. Where many are left, a new draw
    // each time finds a gap that a walk through a stranger's block would not reach.
    const walking = open <= maximumTries
    const tries = walking ? open : maximumTries
    let offset = randomInt(size)
    for (let tried = 0; tried < tries; tried += 1) {
      offset = this.#nextOpen(offset)
      const result = ask(this.#first + offset)
      if (result !== undefined) {
        this.#held[offset] = 1
        this.#heldCount += 1
        return result
      }
      offset = walking ? offset + 1 : randomInt(size)
    }
    return undefined
  }

  /** The port is not held here any more. */
  delete(port: number): void {
    const offset = port - this.#first
    if (this.#held[offset] !== 1) return
    this.#held[offset] = 0
    this.#heldCount -= 1
  }

  #nextOpen(from: number): number {
    const offset = this.#held.indexOf(0, from)
    return offset >= 0 ? offset : this.#held.indexOf(0)
  }
}
