import { formatIpAddress, parseIpAddress } from '@slatfatf/netlink'
import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import type { AddressForm } from '../flow/tuple.js'

export interface AddressFilter {
  family: 4 | 6
  matches(address: AddressForm): boolean
  /** The address, if it is a whole one of IPv4: only those the kernel compares rightly. */
  ipv4: string | undefined
}

/** Reads an address, or a prefix such as `2001:db8::/32`. Throws TypeError or RangeError. */
export function parseAddressFilter(name: string, text: string): AddressFilter {
  if (typeof text !== 'string') throw invalidType(name, 'an IP address or a prefix', text)
  const slash = text.indexOf('/')
  const bytes = parseIpAddress(slash < 0 ? text : text.slice(0, slash))
  const digits = slash < 0 ? undefined : text.slice(slash + 1)
  if (!bytes || (digits !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(digits))) {
    throw invalidValue(name, 'an IP address or a prefix', text)
  }
  const bits = 8 * bytes.length
  const length = digits === undefined ? bits : Number(digits)
  if (length > bits) throw invalidValue(name, `a prefix of at most /${bits}`, text)
  const masks = Uint8Array.from(bytes, (_, index) => maskByte(length, index))
  if (bytes.some((byte, index) => (byte & ~masks[index]!) !== 0)) {
    throw invalidValue(name, `a prefix without bits beyond its /${length}`, text)
  }
  const canonical = formatIpAddress(bytes)
  const isWithin = (address: Uint8Array) =>
    address.length === bytes.length &&
    bytes.every((byte, index) => byte === (address[index]! & masks[index]!))
  const matches = (address: AddressForm) => {
    if (typeof address !== 'string') return isWithin(address)
    // What is decoded here is in canonical form.
    if (length === bits) return address === canonical
    return isWithin(parseIpAddress(address) ?? new Uint8Array(0))
  }
  const family = bytes.length === 4 ? 4 : 6
  return { family, matches, ipv4: family === 4 && length === bits ? canonical : undefined }
}

function maskByte(length: number, index: number): number {
  const bits = Math.min(8, Math.max(0, length - 8 * index))
  return (0xff << (8 - bits)) & 0xff
}
