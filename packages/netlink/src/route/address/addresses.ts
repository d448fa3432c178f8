import { formatIpAddress } from '../../codec/ip-address.js'
import {
  checkFamily,
  type IpFamily,
  type IpPrefix,
  parseInterfaceAddressArgument,
} from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../../constants.js'
import { checkKnown, invalidValue } from '../../errors/invalid-argument.js'
import { isNetlinkError } from '../../errors/netlink-error.js'
import { familiesOf } from '../address-family.js'
import * as rt from '../constants.js'
import { checkInterface } from '../interface-argument.js'
import { interfaceIndex, interfaceNames } from '../link/links.js'
import {
  type Address,
  addressHeader,
  decodeAddress,
  encodeAddress,
  type IndexedAddress,
  nameAddress,
} from './address.js'

export interface AddressFilter {
  interface?: string | number | undefined
  family?: IpFamily | undefined
}

export interface AddressOptions {
  interface: string | number
  /** With its prefix length, `198.51.100.10/32`, unless the peer has it. */
  address: string
  /**
   * The other end of a point-to-point link: `203.0.113.1/32`. An address has one prefix length, and the kernel applies it to
   * the peer: without one here, it is that of `address`; with two that differ, a RangeError.
   */
  peer?: string | undefined
}

export async function listAddresses(
  connection: NetlinkConnection,
  filter: AddressFilter = {},
): Promise<Address[]> {
  checkKnown('filter', filter, ['interface', 'family'])
  checkFamily(filter.family)
  if (filter.interface !== undefined) checkInterface('interface', filter.interface)
  const index =
    filter.interface === undefined
      ? undefined
      : await interfaceIndex(connection, filter.interface, 'RTM_GETADDR')
  const found = await dumpAddresses(connection, filter.family, index)
  // Names last: an address whose interface has gone meanwhile has gone with it.
  const names = await interfaceNames(connection)
  return found.flatMap((address) => nameAddress(address, names) ?? [])
}

/** IPv4 first. The kernel filters by interface, and what it lets through is looked at once more. */
export async function dumpAddresses(
  connection: NetlinkConnection,
  family: IpFamily | undefined,
  index?: number,
): Promise<IndexedAddress[]> {
  const found: IndexedAddress[][] = []
  for (const one of familiesOf(family)) {
    const payload = addressHeader(one, 0, 0, index ?? 0)
    const request = { type: rt.RTM_GETADDR, payload, operation: 'RTM_GETADDR' }
    const decode = (message: NetlinkMessage) => {
      const address = decodeAddress(message, one)
      return index === undefined || address?.index === index ? address : undefined
    }
    found.push(await connection.dump(request, decode))
  }
  return found.flat()
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

async function hasAddress(
  connection: NetlinkConnection,
  index: number,
  local: IpPrefix,
  peer: IpPrefix | undefined,
): Promise<boolean> {
  const address = formatIpAddress(local.bytes)
  const other = peer && formatIpAddress(peer.bytes)
  const peerAddress = other === address ? undefined : other
  const existing = await dumpAddresses(connection, local.family, index)
  return existing.some(
    (one) => one.address === address && one.prefixLength === local.length && one.peer === peerAddress,
  )
}

/** The prefix length, whoever of the two has it, is the local's. */
function checkAddressOptions(request: string, options: AddressOptions) {
  checkKnown('options', options, ['interface', 'address', 'peer'])
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
