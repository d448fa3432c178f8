/**
 * The Internet checksum (RFC 1071) and its incremental forms (RFC 1624, equation 3).
 *
 * Two kinds of transport checksum pass through a device with offload. A *complete* one is the complement of the sum over
 * pseudo-header, header and payload. A *partial* one (`VIRTIO_NET_HDR_F_NEEDS_CSUM`) holds the plain, uncomplemented sum of the
 * pseudo-header alone; whoever segments the packet adds the rest. So an address changes both kinds, in opposite ways, and a port
 * changes only the complete one.
 */

/** Folds a sum below 2^32 into 16 bits. */
export function fold(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16)
  return folded
}

/** Plain sum of 16-bit words; an odd last byte counts as the high half of a word. Not folded: below 2^32 for up to 128 KiB. */
export function sumWords(view: DataView, offset: number, length: number): number {
  let sum = 0
  const end = offset + (length & ~1)
  for (let at = offset; at < end; at += 2) sum += view.getUint16(at)
  return length & 1 ? sum + (view.getUint8(end) << 8) : sum
}

/** The checksum of a range in which the checksum field is zero; 0 when taken over a range that carries a right one. */
export function checksum(view: DataView, offset: number, length: number, initial = 0): number {
  return ~fold(initial + sumWords(view, offset, length)) & 0xffff
}

/** Sum of the IPv4 pseudo-header (RFC 9293 §3.1): what a partial checksum holds. */
export function pseudoHeaderSum(
  source: number,
  destination: number,
  protocol: number,
  length: number,
): number {
  return fold(
    (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length,
  )
}

/** A complete checksum after a 16-bit word changed: HC' = ~(~HC + ~m + m') (RFC 1624). */
export function update16(check: number, before: number, after: number): number {
  return ~fold((~check & 0xffff) + (~before & 0xffff) + after) & 0xffff
}

/** A complete checksum after a 32-bit word changed. */
export function update32(check: number, before: number, after: number): number {
  const sum =
    (~check & 0xffff) + (~(before >>> 16) & 0xffff) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff)
  return ~fold(sum) & 0xffff
}

/** A partial checksum after a 32-bit word of the pseudo-header changed. */
export function updatePartial32(sum: number, before: number, after: number): number {
  return fold(sum + (~(before >>> 16) & 0xffff) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff))
}
