import { open } from 'node:fs/promises'
import { readAttributes } from '../attribute-reader.js'
import type { NetlinkConnection } from '../connection.js'
import { errnoError, isNetlinkError } from '../errors.js'
import { checkInteger, invalidType, invalidValue } from '../invalid-argument.js'
import type { NetlinkMessage } from '../message.js'
import { PayloadWriter } from '../payload-writer.js'
import * as rt from './constants.js'
import { checkInterface, checkInterfaceName } from './interface-argument.js'

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
}

export interface SetLinkOptions {
  up?: boolean
  mtu?: number
  txQueueLength?: number
  /** New name. Before Linux 6.2 the interface must be down. */
  name?: string
  /** Path of the network namespace to move to; the other settings hold there. */
  netns?: string
  /** How the interface makes its IPv6 link-local address (`ip link set DEV addrgenmode`). */
  addressGeneration?: 'none' | 'eui64'
}

const HEADER_BYTES = 16

export function listLinks(connection: NetlinkConnection): Promise<Link[]> {
  const payload = withoutStatistics(new PayloadWriter(linkHeader()))
  const request = { type: rt.RTM_GETLINK, payload, operation: 'RTM_GETLINK' }
  return connection.dump(request, decodeLink)
}

export async function getLink(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
): Promise<Link | undefined> {
  checkInterface('nameOrIndex', nameOrIndex)
  const payload = withoutStatistics(linkKey(nameOrIndex))
  try {
    const request = { type: rt.RTM_GETLINK, payload, operation: `RTM_GETLINK ${nameOrIndex}` }
    return (await connection.request(request, decodeLink))[0]
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.ENODEV) return undefined
    throw error
  }
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
  const netns = options.netns === undefined ? undefined : await openNamespace(options.netns, operation)
  try {
    const payload = encodeSetLink(index, options, netns?.fd)
    await connection.request({ type: rt.RTM_NEWLINK, payload, operation })
  } finally {
    await netns?.close()
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

export function decodeLink({ payload }: NetlinkMessage): Link {
  const attributes = readAttributes(payload, HEADER_BYTES)
  const flags = payload.getUint32(8, true)
  const link: Link = {
    index: payload.getInt32(4, true),
    name: '',
    mtu: 0,
    txQueueLength: 0,
    up: (flags & rt.IFF_UP) !== 0,
    running: (flags & rt.IFF_RUNNING) !== 0,
    flags,
  }
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.IFLA_IFNAME) link.name = a.text()
    else if (a.type === rt.IFLA_MTU) link.mtu = a.uint32()
    else if (a.type === rt.IFLA_TXQLEN) link.txQueueLength = a.uint32()
    else if (a.type === rt.IFLA_CARRIER) link.carrier = a.uint8() !== 0
    else if (a.type === rt.IFLA_ADDRESS && a.length === 6) link.address = formatHardwareAddress(a.bytes())
    else if (a.type === rt.IFLA_LINKINFO) {
      for (const info = a.nested(); info.next(); ) {
        if (info.type === rt.IFLA_INFO_KIND) link.kind = info.text()
      }
    }
  }
  return link
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
  if (netns !== undefined && typeof netns !== 'string') throw invalidType('netns', 'a path', netns)
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

/** Half of what the kernel tells of a link, unless it is asked not to. */
function withoutStatistics(writer: PayloadWriter): Uint8Array {
  return writer.uint32(rt.IFLA_EXT_MASK, rt.RTEXT_FILTER_SKIP_STATS).finish()
}

/** struct ifinfomsg. */
function linkHeader(index = 0, flags = 0, change = 0): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES))
  header.setInt32(4, index, true)
  header.setUint32(8, flags, true)
  header.setUint32(12, change, true)
  return new Uint8Array(header.buffer)
}

function formatHardwareAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}
