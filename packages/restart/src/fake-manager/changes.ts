import { RestartError } from '../errors/restart-error.js'

/** How long a wait may take. */
export interface WaitOptions {
  /** Default 10,000 ms. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** Waiters for conditions on something that says when it has changed. */
export class Changes {
  #waiters = new Set<() => void>()

  announce(): void {
    for (const look of [...this.#waiters]) look()
  }

  /** Resolves with the first value of `condition` that is neither undefined nor false; what it throws rejects. */
  async waitFor<T>(
    what: string,
    condition: () => T,
    { timeoutMs = 10_000, signal }: WaitOptions = {},
  ): Promise<Exclude<T, undefined | false>> {
    signal?.throwIfAborted()
    let stop = () => {}
    try {
      return await new Promise((resolve, reject) => {
        const look = () => {
          try {
            const value = condition()
            if (value !== undefined && value !== false) resolve(value as Exclude<T, undefined | false>)
          } catch (error) {
            reject(error)
          }
        }
        const abort = () => reject(signal?.reason)
        const timer = setTimeout(() => reject(inVain(what, timeoutMs)), timeoutMs)
        stop = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
          this.#waiters.delete(look)
        }
        signal?.addEventListener('abort', abort, { once: true })
        this.#waiters.add(look)
        look()
      })
    } finally {
      stop()
    }
  }
}

function inVain(what: string, timeoutMs: number): RestartError {
  return new RestartError(`Waited ${timeoutMs} ms in vain for ${what}`, { code: 'ERR_RESTART_TIMEOUT' })
}
