import { output } from '../harness/commands.mjs'
import { configure, inside, removeNamespaces, renewNamespaces } from '../harness/namespaces.mjs'

/** Addresses of documentation (RFC 5737, RFC 3849). The remotes exist only as a route. */
export const LAB = {
  host: 'host',
  address: '192.0.2.1',
  remote: '198.51.100.7',
  address6: '2001:db8::1',
  remote6: '2001:db8:7::7',
  slice: { first: 40_000, last: 42_047 },
  /** For what wants a port of its own for each of 10,000 reservations. */
  wideSlice: { first: 20_000, last: 31_999 },
}

/** Drawn once, printed with the figures. */
export const TOPOLOGY =
  'host 192.0.2.1, 2001:db8::1 ── lo ── 198.51.100.7, 2001:db8:7::7   (nothing is sent)   slice: ports 40000-42047'

const { host, address, address6 } = LAB

/** A host with nothing but its loopback, new for each measurement, so that nobody meets another's sockets. */
export async function buildLab() {
  await renewNamespaces([host])
  await configure([
    [host, `address add ${address}/32 dev lo`],
    [host, `address add ${address6}/128 dev lo nodad`],
    [host, 'route add default dev lo'],
    [host, '-6 route add default dev lo'],
  ])
  const settings = ['net.ipv4.ip_local_port_range=10000 60999', 'net.ipv4.ping_group_range=0 0']
  await output(inside(host, ['sysctl', '-qw', ...settings]))
}

export function removeLab() {
  return removeNamespaces([host])
}
