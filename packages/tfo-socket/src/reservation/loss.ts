import { getSystemErrorName } from 'node:util'
import { binding } from '../binding.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import type { HeldName } from './reservation.js'

const icmp =
  'An ICMP error about the tuple reached the socket. Take such errors out before (nft, prerouting).'
const hints: Record<string, string | undefined> = {
  ECONNRESET: 'A RST for the tuple reached the socket. Take its packets out before (nft, prerouting).',
  ECONNABORTED: 'Somebody with CAP_NET_ADMIN destroyed the socket, as `ss -K` does.',
  ETIMEDOUT:
    'The socket answered a SYN and heard no more. Take packets for the tuple out before (nft, prerouting).',
}

/** Why the kernel took the name away; undefined if it did not, and the name is still held. */
export function lossOf({ record, fd }: HeldName, hungUp: boolean): TfoSocketError | undefined {
  const errno = binding().socketError(fd)
  if (errno === 0 && !hungUp) return undefined
  // A UDP socket that was bound by name keeps it, whatever is done to it.
  if (record.protocol === 'udp' && binding().socketFacts(fd).port === record.port) return undefined
  const code = errno === 0 ? 'ECONNABORTED' : getSystemErrorName(errno > 0 ? -errno : errno)
  const { protocol, address, port, remoteAddress, remotePort } = record
  const remote = remoteAddress === undefined ? '' : ` to ${remoteAddress} port ${remotePort}`
  return new TfoSocketError(
    `The kernel took ${protocol} ${address} port ${port}${remote} away from its reservation: ${code}`,
    {
      code,
      ...(errno !== 0 && { errno: -Math.abs(errno) }),
      // The kernel makes a dozen codes of ICMP errors (icmp_err_convert, icmpv6_err_convert).
      hint: hints[code] ?? icmp,
      protocol,
      address,
      firstPort: port,
      lastPort: port,
      ...(remoteAddress !== undefined && { remoteAddress }),
      ...(remotePort !== undefined && { remotePort }),
    },
  )
}
