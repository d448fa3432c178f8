import { isTfoSocketError, reservePort } from '@slatfatf/tfo-socket'
import { IPPROTO_UDP } from '../flow/flow-record.js'
import type { EgressMode } from './egress-mode.js'

/**
 * UDP: a bound, unconnected socket for each client endpoint, with endpoint-independent mapping and, on the way back, filtering
 * (RFC 4787 REQ-1, REQ-8). New remotes cost no system call. A port is exclusive: it is never shared with a socket of the host.
 */
export function udpPortMode(mark: number): EgressMode {
  return {
    name: 'port',
    protocol: IPPROTO_UDP,
    endpointIndependent: true,
    reserve(slice) {
      try {
        return reservePort({ protocol: 'udp', address: slice.text, ports: slice, mark })
      } catch (error) {
        if (isTfoSocketError(error) && error.code === 'EADDRINUSE') return undefined
        throw error
      }
    },
    release: (reservation) => reservation.release(),
  }
}
