import type { PayloadWriter } from '@slatfatf/netlink'
import { checkInteger, checkKnown, invalidValue } from '../errors/invalid-argument.js'
import type { NatTarget } from '../flow/new-flow.js'
import {
  CTA_NAT_PROTO,
  CTA_NAT_V4_MAXIP,
  CTA_NAT_V4_MINIP,
  CTA_NAT_V6_MAXIP,
  CTA_NAT_V6_MINIP,
  CTA_PROTONAT_PORT_MAX,
  CTA_PROTONAT_PORT_MIN,
} from './constants.js'
import { addressBytes } from './parse-address.js'

const known = new Set(['address', 'port'])

/** Writes one translation as CTA_NAT_SRC or CTA_NAT_DST. Throws TypeError or RangeError. */
export function writeNat(
  writer: PayloadWriter,
  type: number,
  name: string,
  target: NatTarget,
  family: 4 | 6,
): void {
  checkKnown(name, target, known)
  const { address, port } = target
  if (address === undefined && port === undefined)
    throw invalidValue(name, 'an address, a port or both', target)
  const nest = writer.beginNested(type)
  if (address !== undefined) {
    const [first, last] = isRange(address) ? address : [address, address]
    const [from, to] = [addressBytes(`${name}.address`, first), addressBytes(`${name}.address`, last)]
    const bytes = family === 4 ? 4 : 16
    if (from.length !== bytes || to.length !== bytes) {
      throw invalidValue(`${name}.address`, `an IPv${family} address, as those of the flow`, address)
    }
    if (isAfter(from, to)) throw invalidValue(`${name}.address`, 'a range from low to high', address)
    writer.bytes(family === 4 ? CTA_NAT_V4_MINIP : CTA_NAT_V6_MINIP, from)
    writer.bytes(family === 4 ? CTA_NAT_V4_MAXIP : CTA_NAT_V6_MAXIP, to)
  }
  if (port !== undefined) {
    const [first, last] = typeof port === 'number' ? [port, port] : port
    checkInteger(`${name}.port`, first, 0, 0xffff)
    checkInteger(`${name}.port`, last, 0, 0xffff)
    if (first > last) throw invalidValue(`${name}.port`, 'a range from low to high', port)
    const inner = writer.beginNested(CTA_NAT_PROTO)
    writer.uint16BE(CTA_PROTONAT_PORT_MIN, first)
    writer.uint16BE(CTA_PROTONAT_PORT_MAX, last)
    writer.endNested(inner)
  }
  writer.endNested(nest)
}

function isRange<T>(value: T | readonly [T, T]): value is readonly [T, T] {
  return Array.isArray(value)
}

function isAfter(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! > b[i]!
  return false
}
