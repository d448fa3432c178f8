import { outcome } from '../binding.js'
import { checkAddress, checkDevice, checkMark, checkOptions, checkPort } from '../errors/arguments.js'
import { type PortRange, requirePickable } from '../kernel/port-range.js'
import { askTuple } from './ask-kernel.js'
import { askedPorts } from './asked-ports.js'
import { rejectPort } from './reject-port.js'
import { Reservation } from './reservation.js'

export interface ReserveRepairOptions {
  /** A local address of this network namespace, IPv4 or IPv6, not a wildcard. */
  address: string
  /** A range in which the kernel picks, or one port for it to judge. */
  ports: PortRange | number
  /** An address of the same family as `address`. It is never contacted. */
  remoteAddress: string
  remotePort: number
  /** SO_MARK, 0 to 4294967295. Default: none. The route to the remote is looked up with it. */
  mark?: number | undefined
  /**
   * SO_BINDTODEVICE: then early demux does not match packets of other devices, and the tuple is not held against sockets
   * without the device: an ordinary connect to the remote may pick the port. Default: none.
   */
  device?: string | undefined
}

const known: ReadonlySet<string> = new Set([
  'address',
  'ports',
  'remoteAddress',
  'remotePort',
  'mark',
  'device',
])

/**
 * Holds a TCP four-tuple as {@link reserveTuple} does, by a socket in repair mode.
 *
 * To the kernel and to `ss` it is an established connection, so ICMP errors do not take it away, and it does not depend on
 * Fast Open. In return it needs CAP_NET_ADMIN, and it cannot be promoted: leaving repair mode would send a window probe.
 * Who is refused what is the same; the two kinds exclude each other tuple by tuple and mix in one range.
 *
 * About 12 µs. Requires Linux 6.3 and a route to the remote.
 *
 * @throws {TfoSocketError} `EPERM` from `setsockopt(TCP_REPAIR)`: CAP_NET_ADMIN. The others of {@link reserveTuple}, but for
 * those of Fast Open.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see {@link https://lwn.net/Articles/495304/ | TCP connection repair}; net/ipv4/tcp.c in the kernel
 */
export function reserveRepair(options: ReserveRepairOptions): Reservation {
  checkOptions(options, known)
  const { address, remoteAddress, remotePort, mark = 0, device = '' } = options
  checkAddress('options.address', address)
  const { first, last, packed, ranged } = askedPorts(options.ports, false)
  checkAddress('options.remoteAddress', remoteAddress)
  checkPort('options.remotePort', remotePort)
  checkMark(mark)
  checkDevice(options.device)

  requirePickable(first, last)
  const fd = askTuple('repair', address, 0, packed, remoteAddress, remotePort, mark, device, false)
  const port = outcome[0]!
  if (fd < 0 || port < first || port > last) {
    throw rejectPort(fd, { protocol: 'tcp', address, first, last, remoteAddress, remotePort, device }, ranged)
  }
  const record = {
    kind: 'repair',
    protocol: 'tcp',
    address,
    port,
    shared: false,
    remoteAddress,
    remotePort,
  } as const
  return new Reservation(record, fd)
}
