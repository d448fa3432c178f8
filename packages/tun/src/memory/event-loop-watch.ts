// Not the globals: fake timers in users' tests stand for the clock, not for packets.
import { clearImmediate, clearInterval, setImmediate, setInterval } from 'node:timers'

/** The longest there is; what matters is that it is there. */
const ALIVE_MS = 0x7fff_ffff

/**
 * Announces conditions once in every turn of the event loop in which they hold, as libuv does for a descriptor: never within the call that
 * made them true.
 */
export class EventLoopWatch {
  readonly #holding: () => number
  #events = 0
  #callback: ((events: number) => void) | undefined
  #immediate: NodeJS.Immediate | undefined
  #alive: NodeJS.Timeout | undefined
  #referenced = true

  /** `holding`: which events hold now. */
  constructor(holding: () => number) {
    this.#holding = holding
  }

  start(events: number, callback: (events: number) => void): void {
    this.#events = events
    this.#callback = callback
    this.#alive ??= setInterval(() => {}, ALIVE_MS)
    this.setRef(this.#referenced)
    this.wake()
  }

  stop(): void {
    this.#callback = undefined
    clearImmediate(this.#immediate)
    clearInterval(this.#alive)
    this.#immediate = undefined
    this.#alive = undefined
  }

  setRef(on: boolean): void {
    this.#referenced = on
    for (const handle of [this.#immediate, this.#alive]) on ? handle?.ref() : handle?.unref()
  }

  /** Something may hold now that did not before. */
  wake(): void {
    if (this.#callback === undefined || this.#immediate !== undefined) return
    if ((this.#holding() & this.#events) === 0) return
    this.#immediate = setImmediate(this.#announce)
    if (!this.#referenced) this.#immediate.unref()
  }

  readonly #announce = (): void => {
    this.#immediate = undefined
    const events = this.#holding() & this.#events
    try {
      if (events !== 0) this.#callback?.(events)
    } finally {
      this.wake()
    }
  }
}
