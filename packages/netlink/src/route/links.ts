import { open } from 'node:fs/promises'
import { type AttributeReader, readAttributes } from '../attribute-reader.js'
import type { NetlinkConnection } from '../connection.js'
import { errnoError, isNetlinkError } from '../errors.js'
import type { NetlinkRequest } from '../exchange.js'
import { checkInteger, invalidType, invalidValue } from '../invalid-argument.js'
import type { NetlinkMessage } from '../message.js'
import { PayloadWriter } from '../payload-writer.js'
import * as rt from './constants.js'
import { checkInterface, checkInterfaceName } from './interface-argument.js'
import { type OperationalState, operationalState } from './kernel-name.js'
import { decodeLinkStatistics, type LinkStatistics } from './link-statistics.js'
import { decodeTunProperties, type TunProperties } from './tun-properties.js'

/** A network interface. Equals a line of `ip -details link show`. */
export interface Link {
  index: number
  name: string
  /** `tun`, `veth`, `wireguard`, `bridge`, ...; absent for hardware and loopback. */
  kind?: string
  mtu: number
  /** Packets that may wait in the interface's queue. */
  txQueueLength: number
  /** Set up by the administrator (IFF_UP). */
  up: boolean
  /** Operational (IFF_RUNNING). */
  running: boolean
  /** All IFF_* bits. */
  flags: number
  /** Hardware address, such as `02:00:00:00:00:01`; absent where there is none of six bytes. */
  address?: string
  carrier?: boolean
  /** `state` of `ip link show`. */
  operationalState: OperationalState
  /** Number of the group that the administrator put it into (`ip link set DEV group`); 0 is the default one. */
  group: number
  /** Of links of kind `tun`, TAP devices included. */
  tun?: TunProperties
  /** Only if asked for. */
  statistics?: LinkStatistics
}

export interface LinkDetail {
  /** Read the counters too: half of what the kernel tells of a link. @default false */
  statistics?: boolean
}

export interface SetLinkOptions {
  up?: boolean
  mtu?: number
  txQueueLength?: number
  /**
   * New name. Index, addresses, routes, sysctl values and open descriptors stay; rules and filters that match by name keep the old
   * one. Linux 6.2 and later rename an interface that is up and leave it up; before, this rejects with `EBUSY`.
   */
  name?: string
  /**
   * The network namespace to move to: a path, or the number of an open descriptor. The other settings hold there. The
   * interface arrives down unless `up` is true, without addresses and routes, and perhaps under another index.
   */
  netns?: string | number
  /** How the interface makes its IPv6 link-local address (`ip link set DEV addrgenmode`). */
  addressGeneration?: 'none' | 'eui64'
}

/** struct ifinfomsg. */
export const LINK_HEADER_BYTES = 16

export function listLinks(connection: NetlinkConnection, detail: LinkDetail = {}): Promise<Link[]> {
  const payload = withDetail(new PayloadWriter(linkHeader()), detail)
  const request = { type: rt.RTM_GETLINK, payload, operation: 'RTM_GETLINK' }
  return connection.dump(request, (message) => decodeLink(message, detail))
}

export async function getLink(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
  detail: LinkDetail = {},
): Promise<Link | undefined> {
  checkInterface('nameOrIndex', nameOrIndex)
  const request = linkRequest(nameOrIndex, detail)
  try {
    return (await connection.request(request, (message) => decodeLink(message, detail)))[0]
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.ENODEV) return undefined
    throw error
  }
}

export function linkRequest(nameOrIndex: string | number, detail: LinkDetail = {}): NetlinkRequest {
  const payload = withDetail(linkKey(nameOrIndex), detail)
  return { type: rt.RTM_GETLINK, payload, operation: `RTM_GETLINK ${nameOrIndex}` }
}

export async function setLink(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
  options: SetLinkOptions,
): Promise<void> {
  checkInterface('nameOrIndex', nameOrIndex)
  checkSetLinkOptions(options)
  const operation = `RTM_NEWLINK ${nameOrIndex}`
  // A name in the request would be the new name, so the interface is found by its index.
  const index = await interfaceIndex(connection, nameOrIndex, operation)
  const { netns } = options
  const opened = typeof netns === 'string' ? await openNamespace(netns, operation) : undefined
  try {
    const payload = encodeSetLink(index, options, typeof netns === 'number' ? netns : opened?.fd)
    await connection.request({ type: rt.RTM_NEWLINK, payload, operation })
  } finally {
    await opened?.close()
  }
}

export async function removeLink(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
): Promise<boolean> {
  checkInterface('nameOrIndex', nameOrIndex)
  const payload = linkKey(nameOrIndex).finish()
  try {
    await connection.request({ type: rt.RTM_DELLINK, payload, operation: `RTM_DELLINK ${nameOrIndex}` })
    return true
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.ENODEV) return false
    throw error
  }
}

/** Rejects with ENODEV when there is no such interface. */
export async function interfaceIndex(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
  operation: string,
): Promise<number> {
  if (typeof nameOrIndex === 'number') return nameOrIndex
  const link = await getLink(connection, nameOrIndex)
  if (!link) throw errnoError(rt.ENODEV, operation)
  return link.index
}

export function decodeLink({ payload }: NetlinkMessage, { statistics = false }: LinkDetail = {}): Link {
  const attributes = readAttributes(payload, LINK_HEADER_BYTES)
  const flags = payload.getUint32(8, true)
  const link: Link = {
    index: payload.getInt32(4, true),
    name: '',
    mtu: 0,
    txQueueLength: 0,
    up: (flags & rt.IFF_UP) !== 0,
    running: (flags & rt.IFF_RUNNING) !== 0,
    flags,
    operationalState: 'unknown',
    group: 0,
  }
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.IFLA_IFNAME) link.name = a.text()
    else if (a.type === rt.IFLA_MTU) link.mtu = a.uint32()
    else if (a.type === rt.IFLA_TXQLEN) link.txQueueLength = a.uint32()
    else if (a.type === rt.IFLA_CARRIER) link.carrier = a.uint8() !== 0
    else if (a.type === rt.IFLA_ADDRESS && a.length === 6) link.address = formatHardwareAddress(a.bytes())
    else if (a.type === rt.IFLA_OPERSTATE) link.operationalState = operationalState.name(a.uint8())
    else if (a.type === rt.IFLA_GROUP) link.group = a.uint32()
    else if (a.type === rt.IFLA_STATS64 && statistics) link.statistics = decodeLinkStatistics(a)
    else if (a.type === rt.IFLA_LINKINFO) decodeLinkInfo(a.nested(), link)
  }
  return link
}

function decodeLinkInfo(info: AttributeReader, link: Link): void {
  let data: AttributeReader | undefined
  for (const a = info; a.next(); ) {
    if (a.type === rt.IFLA_INFO_KIND) link.kind = a.text()
    else if (a.type === rt.IFLA_INFO_DATA) data = a.nested()
  }
  if (data && link.kind === 'tun') link.tun = decodeTunProperties(data)
}

export function encodeSetLink(index: number, options: SetLinkOptions, netnsFd?: number): Uint8Array {
  const change = options.up === undefined ? 0 : rt.IFF_UP
  const writer = new PayloadWriter(linkHeader(index, options.up ? rt.IFF_UP : 0, change))
  if (netnsFd !== undefined) writer.uint32(rt.IFLA_NET_NS_FD, netnsFd)
  if (options.name !== undefined) writer.text(rt.IFLA_IFNAME, options.name)
  if (options.mtu !== undefined) writer.uint32(rt.IFLA_MTU, options.mtu)
  if (options.txQueueLength !== undefined) writer.uint32(rt.IFLA_TXQLEN, options.txQueueLength)
  if (options.addressGeneration !== undefined) {
    const none = options.addressGeneration === 'none'
    const mode = none ? rt.IN6_ADDR_GEN_MODE_NONE : rt.IN6_ADDR_GEN_MODE_EUI64
    writer.nested(rt.IFLA_AF_SPEC, (families) =>
      families.nested(rt.AF_INET6, (ipv6) => ipv6.uint8(rt.IFLA_INET6_ADDR_GEN_MODE, mode)),
    )
  }
  return writer.finish()
}

function checkSetLinkOptions({
  up,
  mtu,
  txQueueLength,
  name,
  netns,
  addressGeneration,
}: SetLinkOptions): void {
  if (up !== undefined && typeof up !== 'boolean') throw invalidType('up', 'a boolean', up)
  if (mtu !== undefined) checkInteger('mtu', mtu, 0x7fffffff)
  if (txQueueLength !== undefined) checkInteger('txQueueLength', txQueueLength, 0x7fffffff)
  if (name !== undefined) checkInterfaceName('name', name)
  if (typeof netns === 'number') checkInteger('netns', netns, 0x7fffffff)
  else if (netns !== undefined && typeof netns !== 'string') {
    throw invalidType('netns', 'a path or a descriptor', netns)
  }
  if (addressGeneration !== undefined && addressGeneration !== 'none' && addressGeneration !== 'eui64') {
    throw invalidValue('addressGeneration', "'none' or 'eui64'", addressGeneration)
  }
}

async function openNamespace(path: string, operation: string) {
  try {
    return await open(path)
  } catch (cause) {
    const { errno } = cause as NodeJS.ErrnoException
    throw errnoError(errno ?? rt.ENOENT, operation, { syscall: 'open', cause })
  }
}

function linkKey(nameOrIndex: string | number): PayloadWriter {
  if (typeof nameOrIndex === 'number') return new PayloadWriter(linkHeader(nameOrIndex))
  return new PayloadWriter(linkHeader()).text(rt.IFLA_IFNAME, nameOrIndex)
}

/** The counters are half of what the kernel tells of a link, unless it is asked not to. */
function withDetail(writer: PayloadWriter, { statistics = false }: LinkDetail): Uint8Array {
  if (typeof statistics !== 'boolean') throw invalidType('statistics', 'a boolean', statistics)
  return writer.uint32(rt.IFLA_EXT_MASK, statistics ? 0 : rt.RTEXT_FILTER_SKIP_STATS).finish()
}

function linkHeader(index = 0, flags = 0, change = 0): Uint8Array {
  const header = new DataView(new ArrayBuffer(LINK_HEADER_BYTES))
  header.setInt32(4, index, true)
  header.setUint32(8, flags, true)
  header.setUint32(12, change, true)
  return new Uint8Array(header.buffer)
}

function formatHardwareAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}
