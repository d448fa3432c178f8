/**
 * The Internet checksum by the book, for tests: one 16-bit word at a time out of the bytes, in BigInt, with the carry brought
 * around at the end (RFC 1071 §1). Shares nothing with the code under test.
 */
export function naiveSum(...parts: ReadonlyArray<ArrayLike<number>>): number {
  const bytes = parts.flatMap((part) => Array.from(part))
  if (bytes.length % 2 === 1) bytes.push(0)
  let sum = 0n
  for (let i = 0; i < bytes.length; i += 2) sum += BigInt(bytes[i]! * 256 + bytes[i + 1]!)
  while (sum > 0xffffn) sum = (sum % 0x10000n) + sum / 0x10000n
  return Number(sum)
}

export function naiveChecksum(...parts: ReadonlyArray<ArrayLike<number>>): number {
  return 0xffff - naiveSum(...parts)
}

/** The bytes of the IPv4 or IPv6 pseudo-header. */
export function pseudoHeader(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number[] {
  const tail = source.length === 4 ? [0, protocol] : [0, 0, 0, protocol]
  const size = [length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]
  return [
    ...source,
    ...destination,
    ...(source.length === 4 ? [...tail, ...size.slice(2)] : [...size, ...tail]),
  ]
}
