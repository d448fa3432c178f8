import { isIPv4 } from 'node:net'

/**
 * A route says who sent a datagram and to which of our addresses; a record is a kind, a route and a payload. Their bytes are
 * described in native/udp_datagrams.h. As a key, a route is the string with one character a byte.
 */
export const ROUTE_BYTES = 40
export const RECORD_HEADER_BYTES = 1 + ROUTE_BYTES

/** Who is at the other end of a session. */
export interface UdpPeer {
  /** A link-local address ends in `%` and the number of its interface. */
  readonly address: string
  readonly port: number
  readonly family: 'IPv4' | 'IPv6'
  /** Which of our addresses the peer writes to, and gets its answers from. */
  readonly localAddress: string
}

export function routeKey(record: Buffer): string {
  return record.toString('latin1', 1, RECORD_HEADER_BYTES)
}

export function routeOfKey(key: string): Buffer {
  return Buffer.from(key, 'latin1')
}

export function describeRoute(route: Buffer): UdpPeer {
  const address = formatAddress(route.subarray(8, 24))
  const scope = route.readUInt32BE(4)
  return {
    address: scope === 0 ? address : `${address}%${scope}`,
    port: route.readUInt16BE(2),
    family: isIPv4(address) ? 'IPv4' : 'IPv6',
    localAddress: formatAddress(route.subarray(24, ROUTE_BYTES)),
  }
}

function formatAddress(bytes: Buffer): string {
  if (bytes.readUInt16BE(10) === 0xffff && bytes.subarray(0, 10).every((byte) => byte === 0)) {
    return bytes.subarray(12).join('.')
  }
  const groups: string[] = []
  for (let at = 0; at < bytes.length; at += 2) groups.push(bytes.readUInt16BE(at).toString(16))
  // The parser of URLs writes an address the shortest way (RFC 5952).
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
