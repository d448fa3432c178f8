import { internetChecksum, onesComplementSum } from './internet-checksum.js'
import { ipv4PseudoHeaderSum, ipv6PseudoHeaderSum } from './pseudo-header.js'
import {
  createTransportLocation,
  locateTransport,
  PROTOCOL,
  type TransportLocation,
} from './transport-location.js'
import { udpComputed } from './udp-zero.js'
import { CHECKSUM, type ChecksumVerdict } from './verdict.js'

// All of these take the packet as [offset, offset + length) of a view: `batch.view` and the first two words of a descriptor. They
// read nothing outside it, whatever the packet says about itself, and bytes behind the packet's own end do not count.

const CHECK = 10
const found = createTransportLocation()

/**
 * What the IPv4 header checksum must be, or {@link CHECKSUM}`.malformed`. Reads the header alone, so the packet may be cut short behind it.
 *
 * @see RFC 791 §3.1
 */
export function computeIpv4HeaderChecksum(view: DataView, offset: number, length: number): number {
  const headerLength = ipv4HeaderLength(view, offset, length)
  if (headerLength === 0) return CHECKSUM.malformed
  const before = onesComplementSum(view, offset, CHECK)
  return internetChecksum(view, offset + CHECK + 2, headerLength - CHECK - 2, before)
}

/**
 * Whether the bytes begin with an IPv4 header whose checksum is right. Reads the header alone, so the packet may be cut short behind it,
 * as one that an ICMP error quotes.
 *
 * @see RFC 791 §3.1, RFC 1812 §5.2.2
 */
export function verifyIpv4HeaderChecksum(view: DataView, offset: number, length: number): boolean {
  const headerLength = ipv4HeaderLength(view, offset, length)
  return headerLength !== 0 && internetChecksum(view, offset, headerLength) === 0
}

/** Writes what {@link computeIpv4HeaderChecksum} computes, and returns it; if there is no IPv4 header it writes nothing. */
export function writeIpv4HeaderChecksum(view: DataView, offset: number, length: number): number {
  const check = computeIpv4HeaderChecksum(view, offset, length)
  if (check >= 0) view.setUint16(offset + CHECK, check)
  return check
}

/**
 * What the transport checksum of a packet must be, 0 to 0xffff, or the {@link CHECKSUM} below 0 that says why there is none. What the
 * field holds does not matter. For UDP it is never 0.
 *
 * For TCP, UDP, ICMP over IPv4 and ICMPv6 over IPv6, behind any IPv4 options, and behind IPv6 hop-by-hop, routing and destination
 * options headers and a fragment header that says "whole" (RFC 6946). A source route that is not used up counts with its last
 * address. The home address option of Mobile IPv6 (RFC 6275 §6.3) and jumbograms are not known here.
 *
 * @see RFC 9293 §3.1, RFC 768, RFC 792, RFC 4443 §2.3, RFC 8200 §8.1
 */
export function computeTransportChecksum(view: DataView, offset: number, length: number): number {
  const refusal = locateTransport(found, view, offset, length, false)
  return refusal < 0 ? refusal : compute(view)
}

/** Writes what {@link computeTransportChecksum} computes, and returns it; if that is below 0 it writes nothing. */
export function writeTransportChecksum(view: DataView, offset: number, length: number): number {
  const refusal = locateTransport(found, view, offset, length, false)
  if (refusal !== 0) return refusal
  const check = compute(view)
  view.setUint16(found.check, check)
  return check
}

/**
 * Judges the transport checksum of a packet. A partial one (`VIRTIO_NET_HDR_F_NEEDS_CSUM`) is `wrong` until it is completed.
 *
 * `none` and `wrong` tell a UDP checksum of 0 over IPv4 from one over IPv6. Tunnels may send the latter (RFC 6935); whoever
 * forwards for them asks for the port first.
 */
export function verifyTransportChecksum(view: DataView, offset: number, length: number): ChecksumVerdict {
  const refusal = locateTransport(found, view, offset, length, false)
  if (refusal !== 0) return refusal
  if (found.protocol === PROTOCOL.udp && view.getUint16(found.check) === 0)
    return found.version === 4 ? CHECKSUM.none : CHECKSUM.wrong
  const { start, end } = found
  return internetChecksum(view, start, end - start, pseudoHeaderSumOf(view, found)) === 0
    ? CHECKSUM.right
    : CHECKSUM.wrong
}

/**
 * What a partial checksum of this packet is: the sum of its pseudo-header, not complemented, 0 for ICMP over IPv4; or the {@link CHECKSUM}
 * below 0 that says why there is none. With it in the field, set `VIRTIO_NET_HDR_F_NEEDS_CSUM` and let the kernel do the rest.
 *
 * @see Virtual I/O Device (VIRTIO) 1.2, section 5.1.6.2
 */
export function computePartialChecksum(view: DataView, offset: number, length: number): number {
  const refusal = locateTransport(found, view, offset, length, false)
  return refusal < 0 ? refusal : pseudoHeaderSumOf(view, found)
}

/**
 * Completes a partial checksum: sums the packet from `checksumStart` to its end, including the pseudo-header sum that is in the field,
 * and writes the complement `checksumOffset` bytes behind `checksumStart`. Both are words of the descriptor; afterwards clear
 * `VIRTIO_NET_HDR_F_NEEDS_CSUM` in its flags. Does not look at headers, and like the kernel writes 0xffff for 0, whatever the protocol.
 *
 * Returns false, and has written nothing, if the field is not within the packet.
 *
 * @see Virtual I/O Device (VIRTIO) 1.2, section 5.1.6.2; skb_checksum_help in Linux net/core/dev.c
 */
export function completeChecksum(
  view: DataView,
  offset: number,
  length: number,
  checksumStart: number,
  checksumOffset: number,
): boolean {
  if (!(checksumStart >= 0 && checksumOffset >= 0 && checksumStart + checksumOffset + 2 <= length))
    return false
  const start = offset + checksumStart
  view.setUint16(start + checksumOffset, udpComputed(internetChecksum(view, start, length - checksumStart)))
  return true
}

/** Two parts, so that the field counts as 0 without being written to; both begin at an even distance from `start`. */
function compute(view: DataView): number {
  const { start, end, check, protocol } = found
  const before = onesComplementSum(view, start, check - start, pseudoHeaderSumOf(view, found))
  const computed = internetChecksum(view, check + 2, end - check - 2, before)
  return protocol === PROTOCOL.udp ? udpComputed(computed) : computed
}

function pseudoHeaderSumOf(view: DataView, location: TransportLocation): number {
  const { version, protocol, source, destination } = location
  const length = location.end - location.start
  if (version === 6) return ipv6PseudoHeaderSum(view, source, destination, protocol, length)
  if (protocol === PROTOCOL.icmp) return 0
  return ipv4PseudoHeaderSum(view.getUint32(source), view.getUint32(destination), protocol, length)
}

/** 0 if there is no IPv4 header, or not all of it. */
function ipv4HeaderLength(view: DataView, offset: number, length: number): number {
  if (!(length >= 20)) return 0
  const first = view.getUint8(offset)
  const headerLength = (first & 0x0f) * 4
  return first >>> 4 === 4 && headerLength >= 20 && headerLength <= length ? headerLength : 0
}
