import { parseIpAddress } from '@slatfatf/netlink'
import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import type { AddressForm } from '../flow/tuple.js'

/** Whether two are the same address, however they are written. */
export function sameAddress(a: AddressForm, b: AddressForm): boolean {
  if (a === b) return true
  const [left, right] = [bytesOf(a), bytesOf(b)]
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

function bytesOf(address: AddressForm): Uint8Array {
  if (address instanceof Uint8Array) return address
  if (typeof address !== 'string') throw invalidType('address', 'an IP address', address)
  const bytes = parseIpAddress(address)
  if (!bytes) throw invalidValue('address', 'an IP address', address)
  return bytes
}
