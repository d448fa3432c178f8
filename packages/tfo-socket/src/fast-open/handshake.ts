import { binding } from '../binding.js'
import { watchDescriptor } from '../readiness/readiness.js'

/**
 * Resolves when the handshake has ended, with 0 or the positive errno that ended it; rejects with the signal's reason.
 * The descriptor stays the caller's, but for a thread that ends meanwhile: then it is closed.
 */
export function handshake(fd: number, signal: AbortSignal | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const watch = watchDescriptor(fd, { writable: true, keepsAlive: true, owned: true }, () => {
      signal?.removeEventListener('abort', aborted)
      if (signal?.aborted) reject(signal.reason)
      else resolve(binding().socketError(fd))
    })
    const aborted = () => {
      watch.cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
