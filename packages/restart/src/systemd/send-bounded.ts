import { managerSilent } from './barrier.js'
import type { NotifyQueue } from './notify-queue.js'

/**
 * Resolves when the datagram with these descriptors is with the service manager. Given up, it is never sent: the numbers may
 * be other files by then.
 */
export function sendBounded(
  send: NotifyQueue['send'],
  text: string,
  fds: readonly number[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let takeBack: (() => void) | undefined
    const finish = (error?: unknown) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      takeBack?.()
      if (error === undefined) resolve()
      else reject(error)
    }
    const abort = () => finish(signal?.reason)
    const timer = setTimeout(() => finish(managerSilent(timeoutMs)), timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      takeBack = send(text, fds, finish)
    } catch (error) {
      finish(error)
    }
  })
}
