/** IPv4 options (RFC 791 §3.1). */
const END_OF_OPTIONS = 0
const NO_OPERATION = 1
const LOOSE_SOURCE_ROUTE = 131
const STRICT_SOURCE_ROUTE = 137

/** Types of IPv6 routing headers: RFC 5095 (deprecated), RFC 6275 §6.4, RFC 8754 §2. */
const SOURCE_ROUTE = 0
const HOME_ADDRESS = 2
const SEGMENT_ROUTING = 4

/** Returned instead of an offset. */
export const ROUTE = { malformed: -1, unknown: -2 } as const

/**
 * Where the destination lies that the sender put into the pseudo-header: behind a source route that is not used up it is the last address of
 * the route, not the one the packet is going to next. `headerLength` bytes are there.
 */
export function ipv4FinalDestination(view: DataView, offset: number, headerLength: number): number {
  const end = offset + headerLength
  let at = offset + 20
  while (at < end) {
    const kind = view.getUint8(at)
    if (kind === END_OF_OPTIONS) break
    if (kind === NO_OPERATION) {
      at += 1
      continue
    }
    if (at + 2 > end) return ROUTE.malformed
    const size = view.getUint8(at + 1)
    if (size < 2 || at + size > end) return ROUTE.malformed
    if (kind === LOOSE_SOURCE_ROUTE || kind === STRICT_SOURCE_ROUTE) {
      if (size < 3 || (size - 3) % 4 !== 0) return ROUTE.malformed
      const pointer = view.getUint8(at + 2)
      if (pointer < 4) return ROUTE.malformed
      return pointer > size ? offset + 16 : at + size - 4
    }
    at += size
  }
  return offset + 16
}

/**
 * The same behind an IPv6 routing header at `at`, of which `size` bytes are there (RFC 8200 §8.1). `current` is what to return when
 * the route is used up.
 */
export function ipv6FinalDestination(view: DataView, at: number, size: number, current: number): number {
  const segmentsLeft = view.getUint8(at + 3)
  if (segmentsLeft === 0) return current
  const addresses = (size - 8) >>> 4
  switch (view.getUint8(at + 2)) {
    case SOURCE_ROUTE:
    case HOME_ADDRESS:
      return segmentsLeft > addresses ? ROUTE.malformed : at + 8 + (addresses - 1) * 16
    case SEGMENT_ROUTING:
      // The list is backwards: its first entry is the last segment. The next one may be left out of it (RFC 8754 §4.1.1).
      return addresses === 0 || segmentsLeft > view.getUint8(at + 4) + 1 ? ROUTE.malformed : at + 8
    default:
      return ROUTE.unknown
  }
}
