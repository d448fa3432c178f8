/** Bytes of an address: 4 for IPv4, 16 for IPv6, in network order. */
export type IpAddressBytes = Uint8Array

/**
 * Reads an address as `node:net` `isIP` accepts it, but without a zone; undefined if it is none.
 *
 * IPv4 is four decimal numbers without leading zeros; IPv6 follows RFC 4291 section 2.2, its last 32 bits may be IPv4.
 */
export function parseIpAddress(text: string): IpAddressBytes | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** Writes 4 or 16 bytes in the form of RFC 5952: lower case, the longest run of zeros shortened, IPv4-mapped as IPv4. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  if (bytes.length === 16) return formatIpv6(bytes)
  throw Object.assign(new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
}

/** By character: thousands of routes are written at once, and splitting would cost more than all the rest of one. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4)
  let part = 0
  let value = -1
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at)
    if (code === DOT) {
      if (value < 0 || part === 4) return undefined
      bytes[part++] = value
      value = -1
    } else {
      // A number that goes on after a zero has a leading zero, which some read as octal.
      if (code < ZERO || code > NINE || value === 0) return undefined
      value = (value < 0 ? 0 : 10 * value) + code - ZERO
      if (value > 255) return undefined
    }
  }
  return part === 4 ? bytes : undefined
}

const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

function parseIpv6(text: string): Uint8Array | undefined {
  const sides = text.split('::')
  if (sides.length > 2) return undefined
  const head = parseGroups(sides[0]!, sides.length === 1)
  const tail = parseGroups(sides[1] ?? '', true)
  if (!head || !tail) return undefined
  const missing = 16 - head.length - tail.length
  if (sides.length === 1 ? missing !== 0 : missing < 2) return undefined
  const bytes = new Uint8Array(16)
  bytes.set(head)
  bytes.set(tail, 16 - tail.length)
  return bytes
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group)
      if (!ipv4) return undefined
      bytes.push(...ipv4)
      continue
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    bytes.push(value >> 8, value & 0xff)
  }
  return bytes
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpAddress(bytes.subarray(12))}`
  }
  const [start, length] = longestZeros(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** The first one, if several are equally long. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0]
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (groups[end] === 0) end++
    if (end - start > best[1]) best = [start, end - start]
    start = Math.max(start, end)
  }
  return best
}
