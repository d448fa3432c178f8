import { IPPROTO_ICMP } from '../flow/flow-record.js'
import type { EgressMode } from './egress-mode.js'

/**
 * ICMP echo: a ping socket bound to an identifier inside the slice, since on a shared address the identifier belongs to the slice
 * like a port does (RFC 7597 §8.2). The kernel gives each identifier out once for all addresses.
 */
export const echoIdMode: EgressMode = {
  name: 'echo-id',
  protocol: IPPROTO_ICMP,
  endpointIndependent: true,
  canBeLost: false,
  reserve: ({ endpoints }) => endpoints.reserveEchoId(),
}
