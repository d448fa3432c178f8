import { Socket } from 'node:net'
import { invalidType } from '../errors/arguments.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'

/** The descriptor of a socket that has one, TLS sockets included. */
export function descriptorOf(socket: Socket): number {
  if (!(socket instanceof Socket)) throw invalidType('socket', 'a net.Socket', socket)
  const fd = descriptorIn(socket)
  if (fd >= 0) return fd
  throw new TfoSocketError('The socket is closed, or has not begun to connect', {
    code: 'EBADF',
    syscall: 'getsockopt(TCP_INFO)',
  })
}

/**
 * The same, or -1. To be asked for each time: once Node has let go of a descriptor, its number may be somebody else's.
 * Node has no public name for it; all handles of libuv have `fd`.
 */
export function descriptorIn(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null }
  return handle?.fd ?? -1
}
