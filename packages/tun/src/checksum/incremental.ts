import { fold, onesComplementSum } from './internet-checksum.js'

// Each function takes what the field holds and returns what it must hold; neither reads nor writes the field. A *complete* checksum is
// the complement of a sum, a *partial* one (VIRTIO_NET_HDR_F_NEEDS_CSUM) the plain sum of the pseudo-header, so they move in opposite
// directions; and a partial one only when a word of the pseudo-header changes: an address, not a port.

/**
 * A complete checksum after one 16-bit word that it covers changed: HC' = ~(~HC + ~m + m').
 *
 * The folded sum of many words is as good as a word: to replace one pseudo-header by another (NAT64), pass both
 * sums. The word must begin at an even distance from where the checksum begins.
 *
 * @see RFC 1624 §3, equation 3
 */
export function updateChecksum16(check: number, before: number, after: number): number {
  return ~fold((~check & 0xffff) + (~before & 0xffff) + after) & 0xffff
}

/**
 * A complete checksum after a 32-bit word changed, such as an IPv4 address (a number in host order, signed or not).
 *
 * @see RFC 1624 §3, equation 3
 */
export function updateChecksum32(check: number, before: number, after: number): number {
  const sum = (~check & 0xffff) + (~before >>> 16) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff)
  return ~fold(sum) & 0xffff
}

/**
 * A complete checksum after 16 bytes changed, such as an IPv6 address: from those at `beforeOffset` in one view to those at
 * `afterOffset` in another, or the same.
 *
 * @throws RangeError (of DataView) if 16 bytes are not there
 * @see RFC 1624 §3, equation 3
 */
export function updateChecksum128(
  check: number,
  beforeView: DataView,
  beforeOffset: number,
  afterView: DataView,
  afterOffset: number,
): number {
  return updateChecksum16(
    check,
    onesComplementSum(beforeView, beforeOffset, 16),
    onesComplementSum(afterView, afterOffset, 16),
  )
}

/** A partial checksum after a 16-bit word of the pseudo-header changed: its length, or folded sums of more. */
export function updatePartial16(sum: number, before: number, after: number): number {
  return fold(sum + (~before & 0xffff) + after)
}

/** A partial checksum after a 32-bit word of the pseudo-header changed: an IPv4 address (a number in host order, signed or not). */
export function updatePartial32(sum: number, before: number, after: number): number {
  return fold(sum + (~before >>> 16) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff))
}

/**
 * A partial checksum after 16 bytes of the pseudo-header changed: an IPv6 address, given as in {@link updateChecksum128}.
 *
 * @throws RangeError (of DataView) if 16 bytes are not there
 */
export function updatePartial128(
  sum: number,
  beforeView: DataView,
  beforeOffset: number,
  afterView: DataView,
  afterOffset: number,
): number {
  return updatePartial16(
    sum,
    onesComplementSum(beforeView, beforeOffset, 16),
    onesComplementSum(afterView, afterOffset, 16),
  )
}
