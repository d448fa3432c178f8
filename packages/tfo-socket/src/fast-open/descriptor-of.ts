import { Socket } from 'node:net'
import { invalidType } from '../errors/arguments.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'

/** The descriptor of a socket, TLS sockets included. Node has no public name for it; all handles of libuv have `fd`. */
export function descriptorOf(socket: Socket): number {
  if (!(socket instanceof Socket)) throw invalidType('socket', 'a net.Socket', socket)
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null }
  const fd = handle?.fd
  if (typeof fd === 'number' && fd >= 0) return fd
  throw new TfoSocketError('The socket is closed, or has not begun to connect', {
    code: 'EBADF',
    syscall: 'getsockopt(TCP_INFO)',
  })
}
