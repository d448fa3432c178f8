import { parseIpAddress } from '@slatfatf/netlink'
import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import type { AddressForm } from '../flow/tuple.js'

const MOST_REMEMBERED = 4096
const DOT = 46
const ZERO = 48

/** IPv6 text takes a microsecond to read, and a bulk names the same few addresses again and again. */
const remembered = new Map<string, Uint8Array>()

/** The number that the address's bytes make in network order, or -1 if it is no IPv4 address. */
export function parseIpv4(text: string): number {
  let address = 0
  let part = -1
  let parts = 1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (part < 0 || parts++ === 4) return -1
      address = address * 256 + part
      part = -1
    } else {
      const digit = code - ZERO
      // A leading zero would mean octal to some.
      if (digit < 0 || digit > 9 || part === 0) return -1
      part = part < 0 ? digit : part * 10 + digit
      if (part > 255) return -1
    }
  }
  return part < 0 || parts !== 4 ? -1 : address * 256 + part
}

/** Throws TypeError or RangeError, naming the argument. */
export function addressFamily(name: string, address: AddressForm): 4 | 6 {
  if (typeof address === 'string') return address.includes(':') ? 6 : 4
  if (!(address instanceof Uint8Array)) throw invalidType(name, 'an IP address', address)
  if (address.length === 4) return 4
  if (address.length === 16) return 6
  throw invalidValue(name, '4 or 16 bytes', address)
}

/** The 4 or 16 bytes of an address, which are not the caller's to change. */
export function addressBytes(name: string, address: AddressForm): Uint8Array {
  if (typeof address !== 'string') {
    addressFamily(name, address)
    return address
  }
  const known = remembered.get(address)
  if (known) return known
  const bytes = parseIpAddress(address)
  if (!bytes) throw invalidValue(name, 'an IP address', address)
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  remembered.set(address, bytes)
  return bytes
}
