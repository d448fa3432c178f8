import type { NetlinkTransport } from '../binding.js'
import {
  EBADF,
  EPERM,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_DROP_MEMBERSHIP,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOL_NETLINK,
  SOL_SOCKET,
} from '../constants.js'
import { checkInteger } from '../errors/invalid-argument.js'
import { closedError, errnoError } from '../errors/netlink-error.js'

export const LARGEST_BUFFER_BYTES = 0x7ffffffe
export const LARGEST_GROUP = 0x7fffffff

/**
 * The options of one socket, in the caller's words.
 *
 * A buffer's size is what the kernel has in force and counts with. It doubles the number it is given, to make room for its
 * own bookkeeping; here it is given half.
 */
export class SocketSettings {
  readonly #transport: NetlinkTransport

  constructor(transport: NetlinkTransport) {
    this.#transport = transport
  }

  /** Sets one of the NETLINK_ options. */
  set(name: number, value: number, operation = 'open netlink'): void {
    this.#check(this.#transport.setOption(SOL_NETLINK, name, value), operation)
  }

  join(group: number): void {
    checkInteger('group', group, LARGEST_GROUP)
    this.set(NETLINK_ADD_MEMBERSHIP, group, `join group ${group}`)
  }

  leave(group: number): void {
    checkInteger('group', group, LARGEST_GROUP)
    this.set(NETLINK_DROP_MEMBERSHIP, group, `leave group ${group}`)
  }

  get receiveBufferBytes(): number {
    return this.#check(
      this.#transport.getOption(SOL_SOCKET, SO_RCVBUF),
      'read the receive buffer',
      'getsockopt',
    )
  }

  growReceiveBuffer(bytes: number): number {
    checkInteger('bytes', bytes, LARGEST_BUFFER_BYTES)
    const present = this.receiveBufferBytes
    if (bytes <= present) return present
    this.setReceiveBuffer(bytes)
    return this.receiveBufferBytes
  }

  setReceiveBuffer(bytes: number): void {
    this.#setBuffer(SO_RCVBUFFORCE, SO_RCVBUF, bytes)
  }

  setSendBuffer(bytes: number): void {
    this.#setBuffer(SO_SNDBUFFORCE, SO_SNDBUF, bytes)
  }

  #setBuffer(forced: number, modest: number, bytes: number): void {
    const half = Math.ceil(bytes / 2)
    const result = this.#transport.setOption(SOL_SOCKET, forced, half)
    if (result !== EPERM) this.#check(result, 'set the buffer')
    else this.#check(this.#transport.setOption(SOL_SOCKET, modest, half), 'set the buffer')
  }

  #check(result: number, operation: string, syscall = 'setsockopt'): number {
    if (result >= 0) return result
    throw result === EBADF ? closedError(operation) : errnoError(result, operation, { syscall })
  }
}
