import type { AttributeReader } from '../../codec/attribute-reader.js'
import * as rt from '../constants.js'

/** What a TUN or TAP device says of itself. Equals the `tun` part of `ip -details link show`. */
export interface TunProperties {
  /** IP packets (`tun`) or Ethernet frames (`tap`). */
  mode: 'tun' | 'tap'
  /** User id that may attach; absent if nobody was named. */
  owner?: number
  /** Group id that may attach; absent if none was named. */
  group?: number
  /** Four bytes of flags and protocol precede each packet (no IFF_NO_PI). */
  packetInformation: boolean
  /** A virtio header precedes each packet (IFF_VNET_HDR). */
  virtioHeader: boolean
  /** The device stays when its last descriptor is closed. */
  persist: boolean
  multiQueue: boolean
  /** Queues that take packets, told of multi-queue devices only. */
  queues?: number
  /** Queues that are attached but switched off (TUNSETQUEUE), told of multi-queue devices only. */
  disabledQueues?: number
}

/** IFLA_INFO_DATA of a link of kind `tun`. */
export function decodeTunProperties(data: AttributeReader): TunProperties {
  const properties: TunProperties = {
    mode: 'tun',
    packetInformation: false,
    virtioHeader: false,
    persist: false,
    multiQueue: false,
  }
  for (const a = data; a.next(); ) {
    if (a.type === rt.IFLA_TUN_OWNER) properties.owner = a.uint32()
    else if (a.type === rt.IFLA_TUN_GROUP) properties.group = a.uint32()
    else if (a.type === rt.IFLA_TUN_TYPE) properties.mode = a.uint8() === rt.IFF_TAP ? 'tap' : 'tun'
    else if (a.type === rt.IFLA_TUN_PI) properties.packetInformation = a.uint8() !== 0
    else if (a.type === rt.IFLA_TUN_VNET_HDR) properties.virtioHeader = a.uint8() !== 0
    else if (a.type === rt.IFLA_TUN_PERSIST) properties.persist = a.uint8() !== 0
    else if (a.type === rt.IFLA_TUN_MULTI_QUEUE) properties.multiQueue = a.uint8() !== 0
    else if (a.type === rt.IFLA_TUN_NUM_QUEUES) properties.queues = a.uint32()
    else if (a.type === rt.IFLA_TUN_NUM_DISABLED_QUEUES) properties.disabledQueues = a.uint32()
  }
  return properties
}
