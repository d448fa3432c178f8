import { isTunError } from '../errors/tun-error.js'

/** What `next` resolves with, or undefined once the queue is closed: for an iteration that is an end, not an error. */
export async function endsWhenClosed<T>(next: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await next()
  } catch (error) {
    if (isTunError(error) && error.code === 'ERR_TUN_CLOSED') return undefined
    throw error
  }
}
