import { formatIpAddress } from '@slatfatf/netlink'

// A table has far fewer addresses than mentions of them: each entry names four, and most servers and clients recur.
// Each slot remembers the last address that fell into it, so the cache stays within a megabyte or two and needs no upkeep.
const SLOTS = 65_536
const IPV6_SLOTS = 4096
const ipv4Keys = new Uint32Array(SLOTS)
const ipv4Texts: string[] = new Array(SLOTS).fill('0.0.0.0')
const ipv6Keys = new Uint32Array(4 * IPV6_SLOTS)
const ipv6Texts: string[] = new Array(IPV6_SLOTS).fill('::')

/** The IPv4 address whose bytes in network order make this number. */
export function formatIpv4(address: number): string {
  const slot = slotOf(address)
  if (ipv4Keys[slot] === address) return ipv4Texts[slot]!
  const text = `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`
  ipv4Keys[slot] = address
  ipv4Texts[slot] = text
  return text
}

/** The IPv6 address that begins at `at`; 16 bytes must be there. */
export function formatIpv6(view: DataView, at: number): string {
  const [a, b, c, d] = [
    view.getUint32(at),
    view.getUint32(at + 4),
    view.getUint32(at + 8),
    view.getUint32(at + 12),
  ]
  const slot = slotOf(Math.imul(Math.imul(a ^ b, 31) ^ c, 31) ^ d) % IPV6_SLOTS
  const key = 4 * slot
  if (ipv6Keys[key] === a && ipv6Keys[key + 1] === b && ipv6Keys[key + 2] === c && ipv6Keys[key + 3] === d) {
    return ipv6Texts[slot]!
  }
  const text = formatIpAddress(new Uint8Array(view.buffer, view.byteOffset + at, 16))
  ipv6Keys.set([a, b, c, d], key)
  ipv6Texts[slot] = text
  return text
}

function slotOf(number: number): number {
  return Math.imul(number, 0x9e3779b1) >>> 16
}
