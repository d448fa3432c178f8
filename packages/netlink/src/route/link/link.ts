import { type AttributeReader, readAttributes } from '../../codec/attribute-reader.js'
import type { NetlinkMessage } from '../../codec/message.js'
import * as rt from '../constants.js'
import { type OperationalState, operationalState } from '../kernel-name.js'
import { formatHardwareAddress } from './hardware-address.js'
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
  /** Index of the bridge or other link that it is a port of. */
  master?: number
  /** Of links of kind `tun`, TAP devices included. */
  tun?: TunProperties
  /** Only if asked for. */
  statistics?: LinkStatistics
}

export interface LinkDetail {
  /** Read the counters too: half of what the kernel tells of a link. @default false */
  statistics?: boolean | undefined
}

/** struct ifinfomsg. */
export const LINK_HEADER_BYTES = 16

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
    else if (a.type === rt.IFLA_MASTER) link.master = a.uint32()
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

export function linkHeader(index = 0, flags = 0, change = 0): Uint8Array {
  const header = new DataView(new ArrayBuffer(LINK_HEADER_BYTES))
  header.setInt32(4, index, true)
  header.setUint32(8, flags, true)
  header.setUint32(12, change, true)
  return new Uint8Array(header.buffer)
}
