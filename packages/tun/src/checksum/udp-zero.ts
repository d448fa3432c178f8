/**
 * What to send as the UDP checksum that was computed from scratch: 0 would mean "none", so 0xffff, its equal, is sent instead.
 *
 * @see RFC 768, RFC 8200 §8.1
 */
export function udpComputed(check: number): number {
  return check === 0 ? 0xffff : check
}

/**
 * What to send as the UDP checksum that held `before` and was `updated` incrementally. 0 means "none" and stays: there is nothing to
 * update. Over IPv6 a 0 is illegal; it stays as well, so that an update never makes a bad packet look good.
 *
 * @see RFC 768, RFC 8200 §8.1, RFC 3022 §4.1
 */
export function udpUpdated(before: number, updated: number): number {
  return before === 0 ? 0 : udpComputed(updated)
}
