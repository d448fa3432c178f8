import { Socket } from 'node:net'
import { constants } from 'node:os'
import { binding } from '../binding.js'
import type { Attempt } from './connect-refusal.js'
import { DeferredSocket } from './deferred-socket.js'

export interface SocketOptions {
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  keepAliveInitialDelayMs?: number | undefined
  allowHalfOpen?: boolean | undefined
}

/** Hands a connected descriptor to Node, which closes it from now on. `rest` is sent before what the caller writes. */
export function openSocket(fd: number, rest: Uint8Array, options: SocketOptions): Socket {
  const { allowHalfOpen = false } = options
  const socket = configured(new Socket({ fd, readable: true, writable: true, allowHalfOpen }), options)
  if (rest.length > 0) socket.write(rest)
  return socket
}

/** The same for a descriptor whose SYN is kept back. */
export function openDeferred(fd: number, attempt: Attempt, options: SocketOptions): Socket {
  return configured(new DeferredSocket(fd, attempt, options.allowHalfOpen ?? false), options)
}

function configured(socket: Socket, options: SocketOptions): Socket {
  if (options.noDelay === true) socket.setNoDelay(true)
  if (options.keepAlive === true) socket.setKeepAlive(true, options.keepAliveInitialDelayMs ?? 0)
  return socket
}

/**
 * Writes what did not travel in the SYN, as far as the kernel takes it, and returns what is left, or the positive errno.
 *
 * Not left to the socket: it would tell of a peer that is gone already before the caller has the socket, as an error
 * that nobody listens to.
 */
export function sendRest(fd: number, data: Uint8Array): Uint8Array | number {
  let rest = data
  while (rest.length > 0) {
    const sent = binding().send(fd, rest)
    if (sent === -constants.errno.EAGAIN) break
    if (sent < 0) return -sent
    rest = rest.subarray(sent)
  }
  return rest
}
