import type { Address, Link, LinkStatistics, RouteSocket } from '@slatfatf/netlink'
import { IFF_MULTI_QUEUE, IFF_NAPI, IFF_VNET_HDR } from '../kernel-abi.js'
import type { OffloadState } from '../queue/offload-switch.js'

/** What {@link TunDevice.inspect} returns. */
export interface DeviceInspection {
  name: string
  index: number
  up: boolean
  /** False without cable (`setCarrier(false)`), or without an open queue. */
  carrier: boolean
  mtu: number
  txQueueLength: number
  /** All IFF_* bits of the interface. */
  flags: number
  /** As `192.0.2.1/24`; of a point-to-point address, the prefix length is the peer's: `192.0.2.1`, peer `203.0.113.1/32`. */
  addresses: { address: string; peer?: string }[]
  persist: boolean
  /** Numeric ids of who may attach without privileges. */
  owner?: number
  group?: number
  multiQueue: boolean
  /** Queues that are attached, and those that are open but detached. */
  queues: { attached: number; detached: number }
  /** What is live of offload on the first queue. */
  offload: OffloadState
  /** The kernel's own counters; `in` is what went to the readers of the device, `out` what they wrote. */
  kernel: Record<'in' | 'out', { packets: bigint; bytes: bigint; dropped: bigint; errors: bigint }>
  /** What this kernel's TUN driver can do (TUNGETFEATURES). */
  supports: { offload: boolean; multiQueue: boolean; napi: boolean }
}

/** Tells what the kernel says of an interface. */
export async function inspectLink(
  route: RouteSocket,
  link: Link,
  features: number,
  offload: OffloadState,
): Promise<DeviceInspection> {
  const { index } = link
  const addresses = await route.addresses({ interface: index })
  const { tun, statistics } = link
  return {
    name: link.name,
    index: link.index,
    up: link.up,
    carrier: link.carrier ?? false,
    mtu: link.mtu,
    txQueueLength: link.txQueueLength,
    flags: link.flags,
    addresses: addresses.map(describeAddress),
    persist: tun?.persist ?? false,
    ...(tun?.owner !== undefined && { owner: tun.owner }),
    ...(tun?.group !== undefined && { group: tun.group }),
    multiQueue: tun?.multiQueue ?? false,
    queues: { attached: tun?.queues ?? 1, detached: tun?.disabledQueues ?? 0 },
    offload,
    kernel: {
      in: directionOf(statistics, 'tx'),
      out: directionOf(statistics, 'rx'),
    },
    supports: {
      offload: (features & IFF_VNET_HDR) !== 0,
      multiQueue: (features & IFF_MULTI_QUEUE) !== 0,
      napi: (features & IFF_NAPI) !== 0,
    },
  }
}

function describeAddress({ address, prefixLength, peer }: Address): { address: string; peer?: string } {
  return peer === undefined
    ? { address: `${address}/${prefixLength}` }
    : { address, peer: `${peer}/${prefixLength}` }
}

function directionOf(statistics: LinkStatistics | undefined, direction: 'rx' | 'tx') {
  return {
    packets: statistics?.[`${direction}Packets`] ?? 0n,
    bytes: statistics?.[`${direction}Bytes`] ?? 0n,
    dropped: statistics?.[`${direction}Dropped`] ?? 0n,
    errors: statistics?.[`${direction}Errors`] ?? 0n,
  }
}
