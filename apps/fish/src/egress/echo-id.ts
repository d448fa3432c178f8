import { reserveEchoId } from '@slatfatf/tfo-socket'
import { IPPROTO_ICMP } from '../flow/flow-record.js'
import type { EgressMode } from './egress-mode.js'
import { namedEndpoints } from './named-endpoints.js'

/**
 * ICMP echo: a ping socket bound to an identifier inside the slice, since on a shared address the identifier belongs to the slice
 * like a port does (RFC 7597 §8.2). The kernel offers no range to pick identifiers from, and gives each out once for all addresses.
 */
export function echoIdMode(mark: number): EgressMode {
  return {
    name: 'echo-id',
    protocol: IPPROTO_ICMP,
    endpointIndependent: true,
    ...namedEndpoints((slice, id) => reserveEchoId({ address: slice.text, id, mark })),
  }
}
