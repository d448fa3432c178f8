import { setTimeout as delay } from 'node:timers/promises'
import { NetnsError } from './netns-error.js'

export interface WaitOptions {
  /** Default 5,000 ms. */
  readonly timeoutMs?: number
  /** What is waited for, for the error message. */
  readonly message?: string
  readonly signal?: AbortSignal
}

/**
 * Polls until the condition gives a truthy value, and resolves with that value.
 *
 * A condition that throws counts as not yet met; its last error is the `cause` at the deadline.
 * Rejects with `ERR_TIMEOUT`, or with the abort reason when `signal` fires.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 5_000, message = 'the condition', signal } = options
  const deadline = AbortSignal.timeout(timeoutMs)
  const stop = signal ? AbortSignal.any([signal, deadline]) : deadline
  let cause: unknown
  let pauseMs = 5
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason), { once: true })
  })
  stopped.catch(() => {})
  // AbortSignal.timeout alone would let the process end while the condition is pending.
  const keepAlive = setTimeout(() => {}, timeoutMs)
  try {
    stop.throwIfAborted()
    while (true) {
      try {
        const value = await Promise.race([condition(), stopped])
        if (value) return value
        cause = undefined
      } catch (error) {
        stop.throwIfAborted()
        cause = error
      }
      await delay(pauseMs, undefined, { signal: stop })
      pauseMs = Math.min(pauseMs * 2, 50)
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!deadline.aborted) throw error
    const last = cause instanceof Error ? `; last error: ${cause.message}` : ''
    throw new NetnsError('ERR_TIMEOUT', `waited ${timeoutMs} ms in vain for ${message}${last}`, { cause })
  } finally {
    clearTimeout(keepAlive)
  }
}
