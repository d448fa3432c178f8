import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { DeferredSocket } from '../fast-open/deferred-socket.js'
import { fastOpenInfo } from '../fast-open/fast-open-info.js'

/**
 * A TLS connection whose ClientHello travels in the SYN where it can.
 *
 * `open` connects, `wrap` begins TLS on it. The kernel may lose a cookie between the two; then it sends a SYN without
 * data and reports EINPROGRESS, which Node's TLS takes for a failed write and never tells anybody. Since nothing was sent, a
 * second, ordinary connection is made.
 */
export async function secured(
  open: (inSyn: boolean) => Promise<Socket>,
  wrap: (socket: Socket) => TLSSocket,
  signal?: AbortSignal,
): Promise<TLSSocket> {
  const plain = await open(true)
  const socket = begin(plain, wrap)
  const connected = handshake(socket, signal)
  if (!(plain instanceof DeferredSocket)) return await connected
  // Looked at again below: until then it must not count as unhandled.
  connected.catch(() => {})
  await setImmediate()
  if (!hasSentNothing(socket)) return await connected
  socket.destroy()
  return await handshake(begin(await open(false), wrap), signal)
}

/** TLS refuses some of its options only when it begins. */
function begin(plain: Socket, wrap: (socket: Socket) => TLSSocket): TLSSocket {
  try {
    return wrap(plain)
  } catch (error) {
    plain.destroy()
    throw error
  }
}

/** By now the ClientHello has left, or has been refused for good. */
function hasSentNothing(socket: TLSSocket): boolean {
  return !socket.destroyed && fastOpenInfo(socket).bytesSent === 0n
}

function handshake(socket: TLSSocket, signal: AbortSignal | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      socket.destroy(signal!.reason)
    }
    const settle = (): void => {
      signal?.removeEventListener('abort', aborted)
      socket.removeListener('error', failed)
      socket.removeListener('close', closed)
      socket.removeListener('secureConnect', connected)
    }
    const failed = (error: Error): void => {
      settle()
      reject(error)
    }
    const closed = (): void => {
      failed(
        Object.assign(new Error('The socket was closed during the TLS handshake'), { code: 'ECONNRESET' }),
      )
    }
    const connected = (): void => {
      settle()
      resolve(socket)
    }
    socket.on('error', failed)
    socket.on('close', closed)
    socket.on('secureConnect', connected)
    if (signal?.aborted) aborted()
    else signal?.addEventListener('abort', aborted, { once: true })
  })
}
