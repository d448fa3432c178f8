import { reservePort } from '@slatfatf/tfo-socket'
import { IPPROTO_UDP } from '../flow/flow-record.js'
import type { EgressMode } from './egress-mode.js'
import { namedEndpoints } from './named-endpoints.js'

/**
 * UDP: a bound, unconnected socket for each client endpoint, with endpoint-independent mapping and, on the way back, filtering
 * (RFC 4787 REQ-1, REQ-8). New remotes cost no system call. A port is exclusive: it is never shared with a socket of the host.
 *
 * The ports are named one by one: left to pick, the kernel needs about a millisecond for the last ports of a range.
 */
export function udpPortMode(mark: number): EgressMode {
  return {
    name: 'port',
    protocol: IPPROTO_UDP,
    endpointIndependent: true,
    ...namedEndpoints((slice, port) =>
      reservePort({ protocol: 'udp', address: slice.text, ports: port, mark }),
    ),
  }
}
