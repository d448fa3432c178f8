import { isTfoSocketError, reserveTuple } from '@slatfatf/tfo-socket'
import { IPPROTO_TCP } from '../flow/flow-record.js'
import { formatAddress } from '../packet/address.js'
import type { EgressMode } from './egress-mode.js'

/**
 * TCP: a Fast Open placeholder for each tuple. The kernel picks the port of the slice for this remote, so one port serves many
 * remotes (RFC 7857 §3, port overlapping) and is shared with sockets of the host. Needs `net.ipv4.tcp_early_demux=0`.
 */
export function placeholderMode(mark: number): EgressMode {
  return {
    name: 'placeholder',
    protocol: IPPROTO_TCP,
    endpointIndependent: false,
    reserve(slice, remote, remotePort) {
      try {
        return reserveTuple({
          address: slice.text,
          ports: slice,
          remoteAddress: formatAddress(remote),
          remotePort,
          mark,
        })
      } catch (error) {
        if (isTfoSocketError(error) && error.full) return undefined
        throw error
      }
    },
    release: (reservation) => reservation.release(),
  }
}
