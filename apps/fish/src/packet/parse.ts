import { internetChecksum } from '@slatfatf/tun/checksum'
import { ICMP, IPV4, PROTOCOL, TCP, UDP } from './layout.js'
import { MALFORMED, type Malformed } from './malformed.js'
import { PACKET_KIND, type Packet } from './packet.js'

/**
 * Reads the headers of a packet into `packet`. Returns 0, or why the packet cannot be forwarded; then only `view`, `offset` and `length`
 * are meaningful. Reads nothing outside `[offset, offset + length)`, whatever the packet says about itself.
 *
 * Verifies what a router must (RFC 1812 §5.2.2: lengths and the header checksum) and, for ICMP errors, what RFC 5508 REQ-3 asks for.
 * Transport checksums are the business of the ends.
 */
export function parsePacket(
  packet: Packet,
  view: DataView,
  offset: number,
  length: number,
  partialChecksum: boolean,
): Malformed | 0 {
  packet.view = view
  packet.offset = offset
  packet.length = length
  if (length < IPV4.minimumLength) return MALFORMED.truncated
  if (view.getUint8(offset) >>> 4 !== 4) return MALFORMED.not_ipv4
  const headerLength = (view.getUint8(offset) & 0x0f) * 4
  if (headerLength < IPV4.minimumLength || headerLength > length) return MALFORMED.bad_header_length
  const totalLength = view.getUint16(offset + IPV4.totalLength)
  if (totalLength < headerLength || totalLength > length) return MALFORMED.bad_total_length
  if (internetChecksum(view, offset, headerLength) !== 0) return MALFORMED.bad_header_checksum
  if ((view.getUint16(offset + IPV4.fragment) & IPV4.fragmentMask) !== 0) return MALFORMED.fragment

  packet.length = totalLength
  packet.headerLength = headerLength
  packet.transport = offset + headerLength
  packet.partialChecksum = partialChecksum
  packet.protocol = view.getUint8(offset + IPV4.protocol)
  packet.source = view.getUint32(offset + IPV4.source)
  packet.destination = view.getUint32(offset + IPV4.destination)
  if (!isHost(packet.source)) return MALFORMED.bad_source
  switch (packet.protocol) {
    case PROTOCOL.tcp:
      return parseTcp(packet, totalLength - headerLength)
    case PROTOCOL.udp:
      return parseUdp(packet, totalLength - headerLength)
    case PROTOCOL.icmp:
      return parseIcmp(packet, totalLength - headerLength)
    default:
      return MALFORMED.unsupported_protocol
  }
}

function parseTcp(packet: Packet, length: number): Malformed | 0 {
  if (length < TCP.minimumLength) return MALFORMED.transport_truncated
  const { view, transport } = packet
  const headerLength = (view.getUint8(transport + TCP.dataOffset) >>> 4) * 4
  if (headerLength < TCP.minimumLength || headerLength > length) return MALFORMED.bad_tcp_header_length
  packet.kind = PACKET_KIND.tcp
  packet.sourcePort = view.getUint16(transport)
  packet.destinationPort = view.getUint16(transport + 2)
  packet.tcpFlags = view.getUint8(transport + TCP.flags)
  return 0
}

function parseUdp(packet: Packet, length: number): Malformed | 0 {
  if (length < UDP.headerLength) return MALFORMED.transport_truncated
  const { view, transport } = packet
  const udpLength = view.getUint16(transport + UDP.length)
  if (udpLength < UDP.headerLength || udpLength > length) return MALFORMED.bad_udp_length
  packet.kind = PACKET_KIND.udp
  packet.sourcePort = view.getUint16(transport)
  packet.destinationPort = view.getUint16(transport + 2)
  return 0
}

function parseIcmp(packet: Packet, length: number): Malformed | 0 {
  if (length < ICMP.headerLength) return MALFORMED.transport_truncated
  const { view, transport } = packet
  switch (view.getUint8(transport)) {
    case ICMP.echoRequest:
    case ICMP.echoReply: {
      packet.kind =
        view.getUint8(transport) === ICMP.echoRequest ? PACKET_KIND.echoRequest : PACKET_KIND.echoReply
      packet.sourcePort = view.getUint16(transport + ICMP.identifier)
      packet.destinationPort = packet.sourcePort
      return 0
    }
    case ICMP.destinationUnreachable:
    case ICMP.timeExceeded:
    case ICMP.parameterProblem:
      packet.kind = PACKET_KIND.icmpError
      packet.sourcePort = 0
      packet.destinationPort = 0
      if (internetChecksum(view, transport, length) !== 0) return MALFORMED.bad_icmp_checksum
      return parseQuoted(packet, transport + ICMP.headerLength, length - ICMP.headerLength)
    default:
      return MALFORMED.unsupported_icmp
  }
}

/** The quoted packet: its whole header and at least the eight bytes behind it (RFC 792). Its total length is the original's. */
function parseQuoted(packet: Packet, offset: number, available: number): Malformed | 0 {
  const { view, inner } = packet
  if (available < IPV4.minimumLength || view.getUint8(offset) >>> 4 !== 4) return MALFORMED.bad_quoted_packet
  const headerLength = (view.getUint8(offset) & 0x0f) * 4
  if (headerLength < IPV4.minimumLength || headerLength + 8 > available) return MALFORMED.bad_quoted_packet
  if ((view.getUint16(offset + IPV4.fragment) & IPV4.fragmentOffsetMask) !== 0)
    return MALFORMED.bad_quoted_packet
  if (internetChecksum(view, offset, headerLength) !== 0) return MALFORMED.bad_quoted_checksum
  const transport = offset + headerLength
  inner.offset = offset
  inner.available = available
  inner.headerLength = headerLength
  inner.protocol = view.getUint8(offset + IPV4.protocol)
  inner.source = view.getUint32(offset + IPV4.source)
  inner.destination = view.getUint32(offset + IPV4.destination)
  switch (inner.protocol) {
    case PROTOCOL.tcp:
    case PROTOCOL.udp:
      inner.sourcePort = view.getUint16(transport)
      inner.destinationPort = view.getUint16(transport + 2)
      return 0
    case PROTOCOL.icmp: {
      const type = view.getUint8(transport)
      if (type !== ICMP.echoRequest && type !== ICMP.echoReply) return MALFORMED.bad_quoted_packet
      inner.sourcePort = view.getUint16(transport + ICMP.identifier)
      inner.destinationPort = inner.sourcePort
      return 0
    }
    default:
      return MALFORMED.bad_quoted_packet
  }
}

/** True for addresses that one host can have (RFC 1122 §3.2.1.3). */
function isHost(address: number): boolean {
  const first = address >>> 24
  return first !== 0 && first !== 127 && first < 224
}
