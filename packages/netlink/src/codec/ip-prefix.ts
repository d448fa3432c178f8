import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import { formatIpAddress, parseIpAddress } from './ip-address.js'

export type IpFamily = 4 | 6

export interface IpPrefix {
  family: IpFamily
  bytes: Uint8Array
  length: number
}

/** Throws TypeError or RangeError, naming the argument. */
export function parseAddressArgument(name: string, text: string): IpPrefix {
  if (typeof text !== 'string') throw invalidType(name, 'an IP address', text)
  const bytes = parseIpAddress(text)
  if (!bytes) throw invalidValue(name, 'an IP address', text)
  return { family: bytes.length === 4 ? 4 : 6, bytes, length: 8 * bytes.length }
}

/** An address with its prefix length, such as `198.51.100.10/32`; without one it is the whole address. */
export function parseInterfaceAddressArgument(name: string, text: string): IpPrefix {
  if (typeof text !== 'string') throw invalidType(name, 'an IP address with its prefix length', text)
  const slash = text.indexOf('/')
  if (slash < 0) return parseAddressArgument(name, text)
  const prefix = parseAddressArgument(name, text.slice(0, slash))
  const digits = text.slice(slash + 1)
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits) || Number(digits) > prefix.length) {
    throw invalidValue(name, `a prefix of at most /${prefix.length}`, text)
  }
  return { ...prefix, length: Number(digits) }
}

/** A network, such as `203.0.113.0/24`: bits beyond the prefix length must be zero, as the kernel demands. */
export function parsePrefixArgument(name: string, text: string): IpPrefix {
  const prefix = parseInterfaceAddressArgument(name, text)
  const clear = prefix.bytes.every((byte, index) => (byte & ~maskByte(prefix.length, index)) === 0)
  if (!clear) throw invalidValue(name, `a network without bits beyond its /${prefix.length}`, text)
  return prefix
}

export function formatPrefix({ bytes, length }: IpPrefix): string {
  return `${formatIpAddress(bytes)}/${length}`
}

export function checkFamily(family: unknown): asserts family is IpFamily | undefined {
  if (family !== undefined && family !== 4 && family !== 6) throw invalidValue('family', '4 or 6', family)
}

function maskByte(length: number, index: number): number {
  const bits = Math.min(8, Math.max(0, length - 8 * index))
  return (0xff << (8 - bits)) & 0xff
}
