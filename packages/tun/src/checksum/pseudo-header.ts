import { fold, onesComplementSum } from './internet-checksum.js'

/**
 * Sum of the IPv4 pseudo-header, folded and not complemented: the `initial` of a whole checksum, and all that a partial one holds.
 *
 * Addresses are unsigned numbers in host order, `length` is the transport header and its payload in bytes. ICMP has no pseudo-header.
 *
 * @see RFC 9293 §3.1, RFC 768
 */
export function ipv4PseudoHeaderSum(
  source: number,
  destination: number,
  protocol: number,
  length: number,
): number {
  return fold(
    (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length,
  )
}

/**
 * Sum of the IPv6 pseudo-header, folded and not complemented. The 16 bytes of each address are read from the view, usually out of
 * the packet: at 8 and 24 bytes from its beginning.
 *
 * `protocol` is that of the transport header, behind any extension headers, and `length` (below 2^32) what begins there. With a
 * routing header that is not used up, the destination is the last one, not the next.
 *
 * @throws RangeError (of DataView) if an address is not within the view
 * @see RFC 8200 §8.1
 */
export function ipv6PseudoHeaderSum(
  view: DataView,
  sourceOffset: number,
  destinationOffset: number,
  protocol: number,
  length: number,
): number {
  const addresses = onesComplementSum(view, sourceOffset, 16, onesComplementSum(view, destinationOffset, 16))
  return fold(addresses + protocol + (length >>> 16) + (length & 0xffff))
}
