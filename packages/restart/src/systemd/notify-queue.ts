import { binding } from '../binding.js'
import { type RestartError, systemError } from '../errors/restart-error.js'

/** How long a full queue is left alone before the next attempt. */
const RETRY_MS = 5

interface Datagram {
  payload: Uint8Array
  fds: Int32Array
  /** Called with what the system refused, or with nothing when the datagram is in the queue of the service manager. */
  sent?: ((refusal?: Error) => void) | undefined
}

/**
 * Datagrams to the service manager, in order.
 *
 * A busy manager's queue is full after ten datagrams on some systems (net.unix.max_dgram_qlen). A blocking socket would stop this
 * process then; here what does not fit waits, and holds the process open until it is sent.
 */
export interface NotifyQueue {
  /**
   * Throws the refusal of this datagram; one that waits can only report to `sent`. The returned function takes back what
   * still waits: its descriptors may be closed then.
   */
  send(text: string, fds?: readonly number[], sent?: Datagram['sent']): () => void
  /** Forgets what waits, and tells `sent`. */
  close(reason: RestartError): void
}

export function openNotifyQueue(address: string, send = binding().notify): NotifyQueue {
  const waiting: Datagram[] = []
  let timer: NodeJS.Timeout | undefined

  /** True if it is out, false if the queue there is full. */
  const attempt = ({ payload, fds }: Datagram): boolean => {
    try {
      send(address, payload, fds)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
      throw systemError(error, `notify the service manager at ${address}`, hintFor(error))
    }
  }

  const drain = () => {
    for (let datagram = waiting[0]; datagram !== undefined; datagram = waiting[0]) {
      let refusal: Error | undefined
      try {
        if (!attempt(datagram)) {
          timer = setTimeout(drain, RETRY_MS)
          return
        }
      } catch (error) {
        refusal = error as Error
      }
      waiting.shift()
      datagram.sent?.(refusal)
    }
    timer = undefined
  }

  return {
    send(text, fds = [], sent) {
      const datagram = { payload: Buffer.from(text), fds: Int32Array.from(fds), sent }
      if (waiting.length === 0 && attempt(datagram)) {
        sent?.()
        return () => {}
      }
      waiting.push(datagram)
      timer ??= setTimeout(drain, RETRY_MS)
      return () => {
        const place = waiting.indexOf(datagram)
        if (place >= 0) waiting.splice(place, 1)
      }
    },
    close(reason) {
      clearTimeout(timer)
      timer = undefined
      for (const datagram of waiting.splice(0)) datagram.sent?.(reason)
    },
  }
}

function hintFor(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'Nobody listens there: the service manager is gone'
  if (code === 'EACCES') return 'This user may not write to the socket of the service manager'
  return undefined
}
