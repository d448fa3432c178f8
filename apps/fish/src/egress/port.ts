import { IPPROTO_UDP } from '../flow/flow-record.js'
import type { EgressMode } from './egress-mode.js'

/**
 * UDP: a bound, unconnected socket for each client endpoint, with endpoint-independent mapping and, on the way back, filtering
 * (RFC 4787 REQ-1, REQ-8). New remotes cost no system call. A port is exclusive: it is never shared with a socket of the host.
 */
export const udpPortMode: EgressMode = {
  name: 'port',
  protocol: IPPROTO_UDP,
  endpointIndependent: true,
  canBeLost: false,
  reserve: ({ endpoints }) => endpoints.reservePort('udp'),
}
