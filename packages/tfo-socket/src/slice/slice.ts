import type { PortRange } from '../kernel/port-range.js'
import type { Reservation } from '../reservation/reservation.js'

export interface SliceOptions {
  /** A local address of this network namespace, IPv4 or IPv6. A wildcard holds ports on all of its family, and no tuples. */
  address: string
  /** Where everything that is handed out lies, echo ids too. */
  ports: PortRange
  /** SO_MARK of every reservation, 0 to 4294967295. Default: none. Needs CAP_NET_ADMIN. */
  mark?: number | undefined
  /** SO_BINDTODEVICE of every reservation but echo ids, which are held on all devices. Default: none. */
  device?: string | undefined
  /** How long "full" is believed, in milliseconds; 0 asks the kernel each time. Default: 250. */
  fullMemoryMs?: number | undefined
}

/**
 * An allocator inside one address and one port range. Made by {@link createSlice}.
 *
 * Each call hands out an ordinary {@link Reservation}, or undefined if the slice is full. That is remembered, and answered
 * in less than 1 µs, until a reservation of this slice ends that stood in the way (released, lost or promoted), and for
 * `fullMemoryMs` at most. Every other refusal is thrown, as by the single functions, and not remembered.
 */
export interface Slice {
  readonly address: string
  readonly ports: Readonly<PortRange>

  /**
   * Holds a TCP four-tuple, of which the kernel picks the port: see {@link reserveTuple}. Undefined: every port of the slice
   * is held for this remote; others may have room. Spell a remote always alike, since "full" is remembered by it.
   *
   * @throws {TfoSocketError} as {@link reserveTuple} does, but never with `full`.
   * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
   */
  reserveTuple(remoteAddress: string, remotePort: number): Reservation | undefined

  /**
   * Holds a TCP four-tuple by a socket in repair mode: see {@link reserveRepair}. Mixes with tuples.
   *
   * @throws {TfoSocketError} as {@link reserveRepair} does, but never with `full`.
   * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
   */
  reserveRepair(remoteAddress: string, remotePort: number): Reservation | undefined

  /**
   * Holds a port for all remotes: see {@link reservePort}.
   *
   * TCP: the kernel picks; do not mix it with tuples in one slice. UDP: ports are named to the kernel from a random one on (RFC
   * 6056), because it takes 1 ms to pick among few; what this slice holds is skipped. If 64 ports in a row are held by others
   * the slice counts as full, although a larger one may have a gap left.
   *
   * @throws {TfoSocketError} as {@link reservePort} does, but never with `full`.
   * @throws {RangeError} `ERR_INVALID_ARG_VALUE`.
   */
  reservePort(protocol: 'tcp' | 'udp'): Reservation | undefined

  /**
   * Holds an ICMP echo id inside the range, found as UDP ports are: see {@link reserveEchoId}. An id is held on all
   * addresses, so slices of two addresses with one range share its ids.
   *
   * @throws {TfoSocketError} as {@link reserveEchoId} does.
   */
  reserveEchoId(): Reservation | undefined
}
