import type { NativeQueue } from '../binding.js'
import { systemError } from '../errors/system-error.js'
import { TunError } from '../errors/tun-error.js'

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

/** Shares the one native watcher of a queue between a callback and any number of waits. */
export class Readiness {
  readonly #native: NativeQueue
  readonly #waiters = new Set<Waiter>()
  #callback: (() => void) | undefined
  #polling = false

  constructor(native: NativeQueue) {
    this.#native = native
  }

  watch(callback: () => void): () => void {
    if (this.#callback) {
      throw new TunError(`${this.#native.name} has an onReadable callback already`, {
        code: 'ERR_TUN_WATCHED',
        device: this.#native.name,
        hint: 'Stop the first one with the function that onReadable returned',
      })
    }
    this.#callback = callback
    try {
      this.#adjust()
    } catch (error) {
      this.#callback = undefined
      throw error
    }
    let stopped = false
    return () => {
      if (stopped) return
      stopped = true
      // A queue closed and a later callback are somebody else's by now.
      if (this.#callback !== callback) return
      this.#callback = undefined
      this.#adjust()
    }
  }

  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal))
      const settle = () => {
        signal?.removeEventListener('abort', onAbort)
        this.#waiters.delete(waiter)
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
      this.#waiters.add(waiter)
      try {
        this.#adjust()
      } catch (error) {
        this.#waiters.delete(waiter)
        throw error
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Forgets the callback and rejects every wait. The native watcher is the queue's to close. */
  close(error: TunError): void {
    this.#callback = undefined
    this.#polling = false
    for (const waiter of this.#waiters) waiter.reject(error)
  }

  // One function for ever: the addon calls it every loop turn, and a loop turn must not allocate.
  readonly #dispatch = (failed: boolean): void => {
    // libuv has given the descriptor up; a later wait asks again, and is answered again.
    if (failed) {
      this.#native.stopPolling()
      this.#polling = false
    }
    if (this.#waiters.size > 0) {
      for (const waiter of this.#waiters) waiter.resolve()
      if (!failed) this.#adjust()
    }
    this.#callback?.()
  }

  #adjust(): void {
    const wanted = this.#callback !== undefined || this.#waiters.size > 0
    if (wanted === this.#polling) return
    if (wanted) {
      const result = this.#native.startPolling(this.#dispatch)
      if (result < 0) throw systemError(result, 'epoll_ctl', this.#native.name)
    } else {
      this.#native.stopPolling()
    }
    this.#polling = wanted
  }
}

function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR' as const })
}
