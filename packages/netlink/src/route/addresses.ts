import { readAttributes } from '../attribute-reader.js'
import type { NetlinkConnection } from '../connection.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../constants.js'
import { isNetlinkError } from '../errors.js'
import { invalidValue } from '../invalid-argument.js'
import { formatIpAddress } from '../ip-address.js'
import { checkFamily, type IpFamily, type IpPrefix, parseInterfaceAddressArgument } from '../ip-prefix.js'
import type { NetlinkMessage } from '../message.js'
import { PayloadWriter } from '../payload-writer.js'
import { familiesOf, familyNumber } from './address-family.js'
import * as rt from './constants.js'
import { checkInterface } from './interface-argument.js'
import { type RouteScope, routeScope } from './kernel-name.js'
import { interfaceIndex, listLinks } from './links.js'

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
  family: IpFamily
}

export interface AddressFilter {
  interface?: string | number
  family?: IpFamily
}

export interface AddressOptions {
  interface: string | number
  /** With its prefix length, `198.51.100.10/32`, unless the peer has it. */
  address: string
  /**
   * The other end of a point-to-point link: `203.0.113.1/32`. An address has one prefix length, and the kernel applies it to
   * the peer: without one here, it is that of `address`; with two that differ, a RangeError.
   */
  peer?: string
}

type IndexedAddress = Omit<Address, 'interface'>

const HEADER_BYTES = 8

export async function listAddresses(
  connection: NetlinkConnection,
  filter: AddressFilter = {},
): Promise<Address[]> {
  checkFamily(filter.family)
  const operation = 'RTM_GETADDR'
  let index = 0
  if (filter.interface !== undefined) {
    checkInterface('interface', filter.interface)
    index = await interfaceIndex(connection, filter.interface, operation)
  }
  const found: IndexedAddress[] = []
  for (const family of familiesOf(filter.family)) {
    const payload = addressHeader(family, 0, 0, index)
    const decode = (message: NetlinkMessage) => decodeAddress(message, family)
    found.push(...(await connection.dump({ type: rt.RTM_GETADDR, payload, operation }, decode)))
  }
  // Names last: an address whose interface has gone meanwhile has gone with it.
  const names = new Map((await listLinks(connection)).map((link) => [link.index, link.name]))
  return found.flatMap((address) => {
    const name = names.get(address.index)
    return name === undefined ? [] : [{ interface: name, ...address }]
  })
}

export async function ensureAddress(
  connection: NetlinkConnection,
  options: AddressOptions,
): Promise<boolean> {
  const { local, peer, operation } = checkAddressOptions('RTM_NEWADDR', options)
  const index = await interfaceIndex(connection, options.interface, operation)
  const payload = encodeAddress(index, local, peer)
  const flags = NLM_F_CREATE | NLM_F_EXCL
  try {
    await connection.request({ type: rt.RTM_NEWADDR, flags, payload, operation })
    return true
  } catch (error) {
    if (!isNetlinkError(error) || error.errno !== rt.EEXIST) throw error
    // IPv6 compares the address alone, IPv4 the peer up to the prefix length: what is there may be another one.
    if (await hasAddress(connection, index, local, peer)) return false
    throw error
  }
}

export async function removeAddress(
  connection: NetlinkConnection,
  options: AddressOptions,
): Promise<boolean> {
  const { local, peer, operation } = checkAddressOptions('RTM_DELADDR', options)
  try {
    const index = await interfaceIndex(connection, options.interface, operation)
    // IPv6 would not look at the peer, IPv4 not beyond the prefix length.
    if (peer && !(await hasAddress(connection, index, local, peer))) return false
    const payload = encodeAddress(index, local, peer)
    await connection.request({ type: rt.RTM_DELADDR, payload, operation })
    return true
  } catch (error) {
    const gone = isNetlinkError(error) && (error.errno === rt.EADDRNOTAVAIL || error.errno === rt.ENODEV)
    if (gone) return false
    throw error
  }
}

export function decodeAddress({ payload }: NetlinkMessage, wanted: IpFamily): IndexedAddress | undefined {
  const attributes = readAttributes(payload, HEADER_BYTES)
  // A kernel without one family answers for all others.
  if (payload.getUint8(0) !== familyNumber(wanted)) return undefined
  let local: string | undefined
  let address: string | undefined
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.IFA_LOCAL) local = a.ipAddress()
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

async function hasAddress(
  connection: NetlinkConnection,
  index: number,
  local: IpPrefix,
  peer: IpPrefix | undefined,
): Promise<boolean> {
  const address = formatIpAddress(local.bytes)
  const other = peer && formatIpAddress(peer.bytes)
  const peerAddress = other === address ? undefined : other
  const existing = await listAddresses(connection, { interface: index, family: local.family })
  return existing.some(
    (one) => one.address === address && one.prefixLength === local.length && one.peer === peerAddress,
  )
}

/** The prefix length, whoever of the two has it, is the local's. */
function checkAddressOptions(request: string, options: AddressOptions) {
  checkInterface('interface', options.interface)
  const local = parseInterfaceAddressArgument('address', options.address)
  const operation = `${request} ${options.address} on ${options.interface}`
  if (options.peer === undefined) return { local, peer: undefined, operation }
  const peer = parseInterfaceAddressArgument('peer', options.peer)
  if (peer.family !== local.family) throw invalidValue('peer', `an IPv${local.family} address`, options.peer)
  if (options.peer.includes('/')) {
    if (options.address.includes('/') && peer.length !== local.length) {
      throw invalidValue('peer', `an address with the prefix length of ${options.address}`, options.peer)
    }
    local.length = peer.length
  }
  return { local, peer, operation: `${operation} with peer ${options.peer}` }
}

/** struct ifaddrmsg. */
function addressHeader(family: IpFamily, prefixLength: number, scope: number, index: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES))
  header.setUint8(0, familyNumber(family))
  header.setUint8(1, prefixLength)
  header.setUint8(3, scope)
  header.setUint32(4, index, true)
  return new Uint8Array(header.buffer)
}
