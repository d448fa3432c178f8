import { PayloadWriter } from '../../codec/payload-writer.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { checkBoolean, checkInteger, checkKnown, invalidValue } from '../../errors/invalid-argument.js'
import * as rt from '../constants.js'
import { checkInterface, checkInterfaceName } from '../interface-argument.js'
import { linkHeader } from './link.js'
import { interfaceIndex } from './links.js'
import { checkNamespace, withNamespaces } from './namespace-argument.js'

export interface SetLinkOptions {
  up?: boolean | undefined
  mtu?: number | undefined
  txQueueLength?: number | undefined
  /** The bridge or other link that it becomes a port of; null to be a port no longer. */
  master?: string | number | null | undefined
  /**
   * New name. Index, addresses, routes, sysctl values and open descriptors stay; rules and filters that match by name keep the old
   * one. Linux 6.2 and later rename an interface that is up and leave it up; before, this rejects with `EBUSY`.
   */
  name?: string | undefined
  /**
   * The network namespace to move to: a path, or the number of an open descriptor. The other settings hold there. The
   * interface arrives down unless `up` is true, without addresses and routes, and perhaps under another index.
   */
  netns?: string | number | undefined
  /** How the interface makes its IPv6 link-local address (`ip link set DEV addrgenmode`). */
  addressGeneration?: 'none' | 'eui64' | undefined
}

const optionNames = ['up', 'mtu', 'txQueueLength', 'name', 'master', 'netns', 'addressGeneration']

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
  const { master } = options
  const masterIndex =
    typeof master === 'string' ? await interfaceIndex(connection, master, operation) : master
  await withNamespaces([options.netns], operation, async ([netnsFd]) => {
    const payload = encodeSetLink(index, options, netnsFd, masterIndex)
    await connection.request({ type: rt.RTM_NEWLINK, payload, operation })
  })
}

function encodeSetLink(
  index: number,
  options: SetLinkOptions,
  netnsFd: number | undefined,
  master: number | null | undefined,
): Uint8Array {
  const change = options.up === undefined ? 0 : rt.IFF_UP
  const writer = new PayloadWriter(linkHeader(index, options.up ? rt.IFF_UP : 0, change))
  if (netnsFd !== undefined) writer.uint32(rt.IFLA_NET_NS_FD, netnsFd)
  if (options.name !== undefined) writer.text(rt.IFLA_IFNAME, options.name)
  if (options.mtu !== undefined) writer.uint32(rt.IFLA_MTU, options.mtu)
  if (options.txQueueLength !== undefined) writer.uint32(rt.IFLA_TXQLEN, options.txQueueLength)
  if (master !== undefined) writer.uint32(rt.IFLA_MASTER, master ?? 0)
  if (options.addressGeneration !== undefined) {
    const none = options.addressGeneration === 'none'
    const mode = none ? rt.IN6_ADDR_GEN_MODE_NONE : rt.IN6_ADDR_GEN_MODE_EUI64
    writer.nested(rt.IFLA_AF_SPEC, (families) =>
      families.nested(rt.AF_INET6, (ipv6) => ipv6.uint8(rt.IFLA_INET6_ADDR_GEN_MODE, mode)),
    )
  }
  return writer.finish()
}

function checkSetLinkOptions(options: SetLinkOptions): void {
  checkKnown('options', options, optionNames)
  const { up, mtu, txQueueLength, name, master, netns, addressGeneration } = options
  if (up !== undefined) checkBoolean('up', up)
  if (mtu !== undefined) checkInteger('mtu', mtu, 0x7fffffff)
  if (txQueueLength !== undefined) checkInteger('txQueueLength', txQueueLength, 0x7fffffff)
  if (name !== undefined) checkInterfaceName('name', name)
  if (master !== undefined && master !== null) checkInterface('master', master)
  checkNamespace('netns', netns)
  if (addressGeneration !== undefined && addressGeneration !== 'none' && addressGeneration !== 'eui64') {
    throw invalidValue('addressGeneration', "'none' or 'eui64'", addressGeneration)
  }
}
