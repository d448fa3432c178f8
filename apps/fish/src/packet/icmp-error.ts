import { internetChecksum } from '@slatfatf/tun/checksum'
import { ICMP, IPV4, PROTOCOL } from './layout.js'
import { PACKET_KIND, type Packet } from './packet.js'

/** Bytes that an ICMP error needs in front of the packet it is about. */
export const ICMP_ERROR_HEADROOM = IPV4.minimumLength + ICMP.headerLength

/** An ICMP error is at most this long (RFC 1812 §4.3.2.3). */
const MAXIMUM_LENGTH = 576

const TTL = 64

/** Class D and above: multicast, reserved, and the limited broadcast. */
const FIRST_MULTICAST = 0xe0000000

/** True unless an error about this packet is forbidden: none about errors, nor about what went to many (RFC 1812 §4.3.2.7). */
export function canAnswerWithIcmp(packet: Packet): boolean {
  return (
    packet.kind !== PACKET_KIND.icmpError &&
    packet.kind !== PACKET_KIND.echoReply &&
    packet.destination < FIRST_MULTICAST
  )
}

/**
 * Turns the packet, where it lies, into an ICMP error for its sender: two headers are put in front, in the {@link ICMP_ERROR_HEADROOM}
 * bytes before it, and as much of it is quoted as fits into 576 bytes. Moves `packet.offset` and returns the new length.
 *
 * All checksums are complete. A quoted partial checksum stays as the device delivered it; nobody verifies it (RFC 5508 REQ-3).
 */
export function writeIcmpError(packet: Packet, type: number, code: number, source: number, rest = 0): number {
  const { view } = packet
  const destination = packet.source
  const quoted = Math.min(packet.length, MAXIMUM_LENGTH - ICMP_ERROR_HEADROOM)
  const start = packet.offset - ICMP_ERROR_HEADROOM
  const length = ICMP_ERROR_HEADROOM + quoted

  // Precedence 6, internetwork control (RFC 1812 §4.3.2.5).
  view.setUint16(start, 0x45c0)
  view.setUint16(start + IPV4.totalLength, length)
  // Never cut, so the identification may repeat (RFC 6864 §4.1).
  view.setUint32(start + IPV4.identification, 0x4000)
  view.setUint8(start + IPV4.ttl, TTL)
  view.setUint8(start + IPV4.protocol, PROTOCOL.icmp)
  view.setUint16(start + IPV4.checksum, 0)
  view.setUint32(start + IPV4.source, source)
  view.setUint32(start + IPV4.destination, destination)
  view.setUint16(start + IPV4.checksum, internetChecksum(view, start, IPV4.minimumLength))

  const icmp = start + IPV4.minimumLength
  view.setUint8(icmp, type)
  view.setUint8(icmp + ICMP.code, code)
  view.setUint16(icmp + ICMP.checksum, 0)
  view.setUint32(icmp + ICMP.identifier, rest)
  view.setUint16(icmp + ICMP.checksum, internetChecksum(view, icmp, length - IPV4.minimumLength))
  packet.offset = start
  packet.length = length
  return length
}
