import { abortError } from '../errors/abort-error.js'
import { requireSignal } from '../errors/invalid-argument.js'
import { systemError } from '../errors/system-error.js'
import { TunError } from '../errors/tun-error.js'
import { type QueueDriver, READABLE, WRITABLE } from './queue-driver.js'

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

/** Who wants to hear of one event. */
class Interest {
  callbacks: readonly (() => void)[] = []
  readonly waiters = new Set<Waiter>()

  get wanted(): boolean {
    return this.callbacks.length > 0 || this.waiters.size > 0
  }

  add(callback: () => void): void {
    this.callbacks = [...this.callbacks, callback]
  }

  /** Whether it was there. */
  remove(callback: () => void): boolean {
    const before = this.callbacks.length
    this.callbacks = this.callbacks.filter((each) => each !== callback)
    return this.callbacks.length < before
  }

  /** Calls everybody who was there when it began, whatever one of them throws. */
  serve(): void {
    if (this.waiters.size > 0) for (const waiter of this.waiters) waiter.resolve()
    call(this.callbacks, 0)
  }
}

function call(callbacks: readonly (() => void)[], from: number): void {
  if (from === callbacks.length) return
  try {
    callbacks[from]!()
  } finally {
    call(callbacks, from + 1)
  }
}

/** Shares the one watcher of a driver between callbacks and any number of waits, for reading and for writing. */
export class Readiness {
  readonly #driver: QueueDriver
  readonly #hasPending: () => boolean
  readonly #reading = new Interest()
  readonly #writing = new Interest()
  #polled = 0
  #referenced = true
  #immediate: NodeJS.Immediate | undefined

  /** `hasPending`: whether something can be read that the driver has handed over already, and polling would not tell. */
  constructor(driver: QueueDriver, hasPending: () => boolean) {
    this.#driver = driver
    this.#hasPending = hasPending
  }

  watch(event: typeof READABLE | typeof WRITABLE, callback: () => void): () => void {
    const interest = this.#interest(event)
    // Packets go to one reader; there may be many writers.
    if (event === READABLE && interest.callbacks.length > 0) {
      throw new TunError(`${this.#driver.name} has an onReadable callback already`, {
        code: 'ERR_TUN_WATCHED',
        device: this.#driver.name,
        hint: 'Stop the first one with the function that onReadable returned',
      })
    }
    // Its own, so that the same callback may be installed twice.
    const entry = () => callback()
    interest.add(entry)
    try {
      this.#adjust()
    } catch (error) {
      interest.remove(entry)
      throw error
    }
    return () => {
      if (interest.remove(entry)) this.#adjust()
    }
  }

  wait(event: typeof READABLE | typeof WRITABLE, signal?: AbortSignal): Promise<void> {
    const { waiters } = this.#interest(event)
    requireSignal('signal', signal)
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal))
      const settle = () => {
        signal?.removeEventListener('abort', onAbort)
        waiters.delete(waiter)
      }
      const waiter: Waiter = {
        resolve() {
          settle()
          resolve()
        },
        reject(error) {
          settle()
          reject(error)
        },
      }
      const onAbort = () => {
        waiter.reject(abortError(signal!))
        this.#adjust()
      }
      waiters.add(waiter)
      try {
        this.#adjust()
      } catch (error) {
        waiters.delete(waiter)
        throw error
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  setRef(on: boolean): void {
    this.#referenced = on
    this.#driver.setRef(on)
    if (on) this.#immediate?.ref()
    else this.#immediate?.unref()
  }

  /** Forgets the callbacks and rejects every wait. The driver's watcher is the queue's to close. */
  close(error: TunError): void {
    this.#polled = 0
    clearImmediate(this.#immediate)
    this.#immediate = undefined
    for (const interest of [this.#reading, this.#writing]) {
      interest.callbacks = []
      for (const waiter of interest.waiters) waiter.reject(error)
    }
  }

  #interest(event: typeof READABLE | typeof WRITABLE): Interest {
    return event === READABLE ? this.#reading : this.#writing
  }

  // One function for ever: the driver calls it every loop turn, and a loop turn must not allocate.
  readonly #dispatch = (events: number): void => {
    const failed = events === 0
    // libuv has given the descriptor up; a later wait asks again, and is answered again.
    if (failed) {
      this.#driver.stopPolling()
      this.#polled = 0
    }
    try {
      if (failed || events & WRITABLE) this.#writing.serve()
    } finally {
      try {
        if (failed || events & READABLE) this.#reading.serve()
      } finally {
        if (!failed) this.#adjust()
      }
    }
  }

  readonly #servePending = (): void => {
    this.#immediate = undefined
    try {
      this.#reading.serve()
    } finally {
      this.#adjust()
    }
  }

  #adjust(): void {
    const wanted = (this.#reading.wanted ? READABLE : 0) | (this.#writing.wanted ? WRITABLE : 0)
    if (this.#reading.wanted && this.#hasPending() && this.#immediate === undefined) {
      this.#immediate = setImmediate(this.#servePending)
      if (!this.#referenced) this.#immediate.unref()
    }
    if (wanted === this.#polled) return
    if (wanted === 0) {
      this.#driver.stopPolling()
    } else {
      const result = this.#driver.startPolling(wanted, this.#dispatch)
      if (result < 0) throw systemError(result, 'epoll_ctl', this.#driver.name)
    }
    this.#polled = wanted
  }
}
