import { Socket } from 'node:net'
import { binding } from '../binding.js'
import { RestartError } from '../errors/restart-error.js'
import type { NotifyQueue } from './notify-queue.js'

/**
 * Resolves when the service manager has processed everything that was sent before: it closes the descriptor that comes with `BARRIER=1`
 * when it gets to it, and the other end of the pair sees that.
 */
export function passBarrier(
  queue: NotifyQueue,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted()
  const [ours, theirs] = binding().socketPair('stream')
  const end = new Socket({ fd: ours, readable: true, writable: false })
  return new Promise<void>((resolve, reject) => {
    let takeBack: (() => void) | undefined
    const finish = (error?: unknown) => {
      clearTimeout(timer)
      takeBack?.()
      release()
      signal?.removeEventListener('abort', abort)
      end.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    const abort = () => finish(signal?.reason)
    // setImmediate: if this process was the one that stood still, the answer is read before its absence is believed.
    const timer = setTimeout(() => setImmediate(() => finish(managerSilent(timeoutMs))), timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    // An end without having been closed by us, whichever of the two it looks like.
    end.once('end', () => finish())
    end.once('error', () => finish())
    end.resume()
    let released = false
    const release = () => {
      if (!released) binding().closeFd(theirs)
      released = true
    }
    const sent = (refusal?: Error) => {
      // From here on the service manager alone holds the other end.
      release()
      if (refusal !== undefined) finish(refusal)
    }
    try {
      takeBack = queue.send('BARRIER=1', [theirs], sent)
    } catch (refusal) {
      sent(refusal as Error)
    }
  })
}

/** The error of a wait for the service manager. */
export function managerSilent(timeoutMs: number): RestartError {
  return new RestartError(`The service manager has not answered within ${timeoutMs} ms`, {
    code: 'ERR_RESTART_BARRIER_TIMEOUT',
    hint: 'It is busy, or no service manager at all: see `systemctl status`, and what $NOTIFY_SOCKET belongs to',
  })
}
