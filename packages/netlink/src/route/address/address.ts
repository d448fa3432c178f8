import { readAttributes } from '../../codec/attribute-reader.js'
import type { IpFamily, IpPrefix } from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import { PayloadWriter } from '../../codec/payload-writer.js'
import { familyNumber } from '../address-family.js'
import * as rt from '../constants.js'
import { type RouteScope, routeScope } from '../kernel-name.js'
import type { InterfaceNames } from '../link/links.js'

/** An address of an interface. Equals an entry of `ip address show`. */
export interface Address {
  /** Name of the interface. */
  interface: string
  /** Index of the interface. */
  index: number
  address: string
  prefixLength: number
  /** The other end of a point-to-point link; the prefix length is then the peer's. */
  peer?: string
  scope: RouteScope
  /** Duplicate address detection is not over (IPv6): not yet used as a source. Absent otherwise. */
  tentative?: true
  /** Duplicate address detection has found another holder (IPv6). Absent otherwise. */
  dadFailed?: true
  /** Past its preferred lifetime: not used for new flows. Absent otherwise. */
  deprecated?: true
  family: IpFamily
}

export type IndexedAddress = Omit<Address, 'interface'>

/** Undefined for an address whose interface has gone since. */
export function nameAddress(address: IndexedAddress, names: InterfaceNames): Address | undefined {
  const name = names.get(address.index)
  return name === undefined ? undefined : { interface: name, ...address }
}

const HEADER_BYTES = 8

export function decodeAddress({ payload }: NetlinkMessage, wanted: IpFamily): IndexedAddress | undefined {
  const attributes = readAttributes(payload, HEADER_BYTES)
  // A kernel without one family answers for all others.
  if (payload.getUint8(0) !== familyNumber(wanted)) return undefined
  let local: string | undefined
  let address: string | undefined
  let flags = payload.getUint8(2)
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.IFA_FLAGS) flags = a.uint32()
    else if (a.type === rt.IFA_LOCAL) local = a.ipAddress()
    else if (a.type === rt.IFA_ADDRESS) address = a.ipAddress()
  }
  const own = local ?? address
  if (own === undefined) return undefined
  const decoded: IndexedAddress = {
    index: payload.getUint32(4, true),
    address: own,
    prefixLength: payload.getUint8(1),
    scope: routeScope.name(payload.getUint8(3)),
    family: wanted,
  }
  if (address !== undefined && address !== own) decoded.peer = address
  if (flags & rt.IFA_F_TENTATIVE) decoded.tentative = true
  if (flags & rt.IFA_F_DADFAILED) decoded.dadFailed = true
  if (flags & rt.IFA_F_DEPRECATED) decoded.deprecated = true
  return decoded
}

export function encodeAddress(index: number, local: IpPrefix, peer: IpPrefix | undefined): Uint8Array {
  const loopback = local.family === 4 && local.bytes[0] === 127
  const scope = routeScope.number(loopback ? 'host' : 'global')
  return new PayloadWriter(addressHeader(local.family, local.length, scope, index))
    .bytes(rt.IFA_LOCAL, local.bytes)
    .bytes(rt.IFA_ADDRESS, peer?.bytes ?? local.bytes)
    .finish()
}

/** struct ifaddrmsg. */
export function addressHeader(
  family: IpFamily,
  prefixLength: number,
  scope: number,
  index: number,
): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES))
  header.setUint8(0, familyNumber(family))
  header.setUint8(1, prefixLength)
  header.setUint8(3, scope)
  header.setUint32(4, index, true)
  return new Uint8Array(header.buffer)
}
