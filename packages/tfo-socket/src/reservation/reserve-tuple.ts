import { binding, outcome } from '../binding.js'
import {
  checkAddress,
  checkDevice,
  checkMark,
  checkPort,
  checkPorts,
  invalidType,
} from '../errors/arguments.js'
import { type PortRange, requirePickable } from '../kernel/port-range.js'
import { rejectPort } from './rejected-port.js'
import { Reservation } from './reservation.js'

export interface ReserveTupleOptions {
  /** A local address of this network namespace, IPv4 or IPv6, not a wildcard. */
  address: string
  /** A range in which the kernel picks, or one port for it to judge. */
  ports: PortRange | number
  /** An address of the same family as `address`. It is never contacted. */
  remoteAddress: string
  remotePort: number
  /** SO_MARK, 0 to 4294967295. Default: none. Needs CAP_NET_ADMIN. The route to the remote is looked up with it. */
  mark?: number
  /** SO_BINDTODEVICE: then early demux does not match packets of other devices. Default: none. */
  device?: string
}

/**
 * Holds a TCP four-tuple against every other socket of the network namespace, and sends nothing.
 *
 * With a range the kernel picks a port that is free *for this remote*; with one port it says whether that one is. The
 * same port may be held for other remotes, at the same cost however many they are. Ports that any socket has bound
 * explicitly, on any local address, are never given: do not bind ports of the range yourself, {@link reservePort}
 * included.
 *
 * About 10 µs; a refusal takes about 120 µs where a range of 2,000 ports is full, 30 µs for one port. Requires Linux
 * 6.3, `net.ipv4.tcp_fastopen` with bit 1 (the default), and a route to the remote. With `net.ipv4.tcp_early_demux` on,
 * packets that arrive for the tuple are not forwarded.
 *
 * @throws {TfoSocketError} `EADDRNOTAVAIL` from `connect`: the tuple is held, or with `full` every port of the range for
 * this remote. `EADDRNOTAVAIL` from `bind`: no such local address. `ERR_PORT_OUTSIDE_RANGE`, `ERR_PORT_RESERVED`: a
 * sysctl keeps the kernel from picking some of the ports. `EPERM`, `ENODEV`: mark or device. `ENETUNREACH`: no route.
 * `ERR_FAST_OPEN_SUSPENDED`: a SYN was sent, which happens only if `net.ipv4.tcp_fastopen_blackhole_timeout_sec` is not
 * 0 (its default). `EMFILE`, `ENOPROTOOPT`, `ENOTSUP`: see `hint`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see {@link https://man7.org/linux/man-pages/man7/ip.7.html | ip(7)}, IP_LOCAL_PORT_RANGE and
 * IP_BIND_ADDRESS_NO_PORT; net/ipv4/tcp_fastopen.c in the kernel
 */
export function reserveTuple(options: ReserveTupleOptions): Reservation {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const { address, ports, remoteAddress, remotePort, mark, device } = options
  checkAddress('options.address', address)
  checkPorts('options.ports', ports)
  checkAddress('options.remoteAddress', remoteAddress)
  checkPort('options.remotePort', remotePort)
  checkMark(mark)
  checkDevice(device)

  const ranged = typeof ports !== 'number'
  const first = ranged ? ports.first : ports
  const last = ranged ? ports.last : ports
  const native = binding()
  requirePickable(first, last)
  const packed = (first | (last << 16)) >>> 0
  const fd = native.reserveTuple(address, packed, remoteAddress, remotePort, mark ?? 0, device ?? '', outcome)
  const port = outcome[0]!
  if (fd < 0 || port < first || port > last) {
    throw rejectPort(fd, { protocol: 'tcp', address, first, last, remoteAddress, remotePort, device }, ranged)
  }
  return new Reservation({ kind: 'tuple', protocol: 'tcp', address, port, remoteAddress, remotePort, fd })
}
