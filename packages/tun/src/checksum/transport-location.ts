import { ipv4FinalDestination, ipv6FinalDestination, ROUTE } from './final-destination.js'
import { CHECKSUM, type NoChecksum } from './verdict.js'

/** Transport protocols with a checksum that is known here. */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const

/** IPv6 extension headers that lie between the IPv6 and the transport header (RFC 8200 §4). */
const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const DESTINATION_OPTIONS = 60

const IPV4_HEADER = 20
const IPV6_HEADER = 40

/** What a quoted packet must have of its transport header (RFC 792). */
const QUOTED_BYTES = 8

/** Where the transport of a packet lies. Offsets count from the beginning of the view. There is one object, filled anew. */
export interface TransportLocation {
  version: number
  protocol: number
  /** The first byte of the transport header, and the first behind the last one that the checksum covers. */
  start: number
  end: number
  /** The two bytes of the checksum. In a quoted packet they may lie behind `end`. */
  check: number
  /** The addresses of the pseudo-header: 4 bytes each, or 16. */
  source: number
  destination: number
}

export function createTransportLocation(): TransportLocation {
  return { version: 0, protocol: 0, start: 0, end: 0, check: 0, source: 0, destination: 0 }
}

/**
 * Finds the transport of the packet at `[offset, offset + length)` and returns 0, or why it has none. Reads nothing outside, and
 * believes no length before it was compared.
 *
 * With `quoted` the packet may be cut short behind the first 8 bytes of its transport, and may be a first fragment.
 */
export function locateTransport(
  found: TransportLocation,
  view: DataView,
  offset: number,
  length: number,
  quoted: boolean,
): NoChecksum | 0 {
  if (!(length >= IPV4_HEADER)) return CHECKSUM.malformed
  switch (view.getUint8(offset) >>> 4) {
    case 4:
      return locateInIpv4(found, view, offset, length, quoted)
    case 6:
      return locateInIpv6(found, view, offset, length, quoted)
    default:
      return CHECKSUM.malformed
  }
}

function locateInIpv4(
  found: TransportLocation,
  view: DataView,
  offset: number,
  length: number,
  quoted: boolean,
): NoChecksum | 0 {
  const headerLength = (view.getUint8(offset) & 0x0f) * 4
  const totalLength = view.getUint16(offset + 2)
  if (headerLength < IPV4_HEADER || headerLength > length) return CHECKSUM.malformed
  if (totalLength < headerLength || (totalLength > length && !quoted)) return CHECKSUM.malformed
  // The offset, and for a whole packet also "more fragments".
  if ((view.getUint16(offset + 6) & (quoted ? 0x1fff : 0x3fff)) !== 0) return CHECKSUM.fragment
  const destination =
    headerLength === IPV4_HEADER ? offset + 16 : ipv4FinalDestination(view, offset, headerLength)
  if (destination < 0) return CHECKSUM.malformed
  found.version = 4
  found.source = offset + 12
  found.destination = destination
  const end = offset + Math.min(totalLength, length)
  return locateChecksum(found, view, view.getUint8(offset + 9), offset + headerLength, end, quoted)
}

function locateInIpv6(
  found: TransportLocation,
  view: DataView,
  offset: number,
  length: number,
  quoted: boolean,
): NoChecksum | 0 {
  if (length < IPV6_HEADER) return CHECKSUM.malformed
  const totalLength = IPV6_HEADER + view.getUint16(offset + 4)
  if (totalLength > length && !quoted) return CHECKSUM.malformed
  const first = offset + IPV6_HEADER
  const end = offset + Math.min(totalLength, length)
  let destination = offset + 24
  let next = view.getUint8(offset + 6)
  let at = first
  while (next === HOP_BY_HOP || next === ROUTING || next === FRAGMENT || next === DESTINATION_OPTIONS) {
    if (at + 8 > end) return CHECKSUM.malformed
    if (next === HOP_BY_HOP && at !== first) return CHECKSUM.malformed
    let size = 8
    if (next === FRAGMENT) {
      // A fragment that is the whole packet is none (RFC 6946).
      if ((view.getUint16(at + 2) & (quoted ? 0xfff8 : 0xfff9)) !== 0) return CHECKSUM.fragment
    } else {
      size += view.getUint8(at + 1) * 8
      if (at + size > end) return CHECKSUM.malformed
    }
    if (next === ROUTING) {
      destination = ipv6FinalDestination(view, at, size, destination)
      if (destination === ROUTE.unknown) return CHECKSUM.unsupported
      if (destination < 0) return CHECKSUM.malformed
    }
    next = view.getUint8(at)
    at += size
  }
  found.version = 6
  found.source = offset + 8
  found.destination = destination
  return locateChecksum(found, view, next, at, end, quoted)
}

/** The rest, which is the same for both versions: is the transport header there, and how much does its checksum cover? */
function locateChecksum(
  found: TransportLocation,
  view: DataView,
  protocol: number,
  start: number,
  end: number,
  quoted: boolean,
): NoChecksum | 0 {
  const available = end - start
  found.protocol = protocol
  found.start = start
  found.end = end
  switch (protocol) {
    case PROTOCOL.tcp:
      found.check = start + 16
      return available < (quoted ? QUOTED_BYTES : 20) ? CHECKSUM.malformed : 0
    case PROTOCOL.udp: {
      found.check = start + 6
      if (available < 8) return CHECKSUM.malformed
      if (quoted) return 0
      // What lies behind the datagram's own end is not part of it (RFC 768).
      const udpLength = view.getUint16(start + 4)
      if (udpLength < 8 || udpLength > available) return CHECKSUM.malformed
      found.end = start + udpLength
      return 0
    }
    case PROTOCOL.icmp:
      found.check = start + 2
      if (found.version !== 4) return CHECKSUM.unsupported
      return available < 8 ? CHECKSUM.malformed : 0
    case PROTOCOL.icmpv6:
      found.check = start + 2
      if (found.version !== 6) return CHECKSUM.unsupported
      // Not every message has more than type, code and checksum (RFC 4443 §2.1).
      return available < (quoted ? QUOTED_BYTES : 4) ? CHECKSUM.malformed : 0
    default:
      return CHECKSUM.unsupported
  }
}
