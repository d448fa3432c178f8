import { readdirSync } from 'node:fs'
import { binding } from '../binding.js'
import { parentOf } from './process-start.js'

const BATCH = 64

/** Takes the ends of all children of this process, so that none stays a zombie. */
export class Reaper {
  readonly #onEnded: (pid: number, status: number) => void
  readonly #known = new Set<number>()
  readonly #ended = new Int32Array(2 * BATCH)
  readonly #onSignal = () => this.reap()

  /** `onEnded` gets an exit status, or the negative number of a signal. */
  constructor(onEnded: (pid: number, status: number) => void) {
    this.#onEnded = onEnded
    binding().becomeSubreaper()
    process.on('SIGCHLD', this.#onSignal)
  }

  /** A child whose end Node takes; call {@link ended} then. */
  expect(pid: number): void {
    this.#known.add(pid)
  }

  ended(pid: number): void {
    this.#known.delete(pid)
    this.reap()
  }

  reap(): void {
    const known = Int32Array.from(this.#known)
    for (;;) {
      const count = binding().reapOrphans(known, this.#ended)
      for (let index = 0; index < count; index++) {
        this.#onEnded(this.#ended[2 * index]!, this.#ended[2 * index + 1]!)
      }
      if (count < BATCH) return
    }
  }

  /** Those that there are now: of one that ends, the children are next. */
  children(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && parentOf(pid) === process.pid)
  }

  get hasChildren(): boolean {
    return binding().hasChildren()
  }

  close(): void {
    process.off('SIGCHLD', this.#onSignal)
  }
}
