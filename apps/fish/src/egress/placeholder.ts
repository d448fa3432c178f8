import { IPPROTO_TCP } from '../flow/flow-record.js'
import { formatAddress } from '../packet/address.js'
import type { EgressMode } from './egress-mode.js'

/**
 * TCP: a Fast Open placeholder for each tuple. The kernel picks the port of the slice for this remote, so one port serves many
 * remotes (RFC 7857 §3, port overlapping) and is shared with sockets of the host. Needs `net.ipv4.tcp_early_demux=0`.
 *
 * A forged packet that is not steered away, and an operator's `ss -K`, can take a placeholder away.
 */
export const placeholderMode: EgressMode = {
  name: 'placeholder',
  protocol: IPPROTO_TCP,
  endpointIndependent: false,
  canBeLost: true,
  reserve: ({ endpoints }, remote, remotePort) => endpoints.reserveTuple(formatAddress(remote), remotePort),
}
