import { PayloadWriter } from '../../codec/payload-writer.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../../constants.js'
import { isNetlinkError, NetlinkError } from '../../errors/netlink-error.js'
import * as rt from '../constants.js'
import { parseHardwareAddress } from './hardware-address.js'
import { linkHeader } from './link.js'
import { type AddLinkOptions, checkAddLinkOptions, type LinkEndOptions, linkModes } from './link-options.js'
import { interfaceIndex } from './links.js'
import { withNamespaces } from './namespace-argument.js'

interface Indexes {
  link: number | undefined
  master: number | undefined
}

interface Descriptors {
  netns: number | undefined
  peer: number | undefined
}

export async function addLink(connection: NetlinkConnection, options: AddLinkOptions): Promise<void> {
  checkAddLinkOptions(options)
  const operation = `RTM_NEWLINK ${options.name} type ${options.kind}`
  const indexOf = async (name: string | number | undefined) =>
    name === undefined ? undefined : interfaceIndex(connection, name, operation)
  const indexes = {
    link: await indexOf('link' in options ? options.link : undefined),
    master: await indexOf(options.master),
  }
  const peer = options.kind === 'veth' ? options.peer.netns : undefined
  await withNamespaces([options.netns, peer], operation, async ([netns, peerNetns]) => {
    const payload = encodeAddLink(options, indexes, { netns, peer: peerNetns })
    const flags = NLM_F_CREATE | NLM_F_EXCL
    try {
      await connection.request({ type: rt.RTM_NEWLINK, flags, payload, operation })
    } catch (error) {
      throw isNetlinkError(error) && error.errno === rt.EOPNOTSUPP ? withKindHint(error, options.kind) : error
    }
  })
}

function encodeAddLink(options: AddLinkOptions, indexes: Indexes, descriptors: Descriptors): Uint8Array {
  const writer = new PayloadWriter(
    linkHeader(0, options.up ? rt.IFF_UP : 0, options.up === undefined ? 0 : rt.IFF_UP),
  )
  writeEnd(writer, options, descriptors.netns)
  if (indexes.link !== undefined) writer.uint32(rt.IFLA_LINK, indexes.link)
  if (indexes.master !== undefined) writer.uint32(rt.IFLA_MASTER, indexes.master)
  return writer
    .nested(rt.IFLA_LINKINFO, (info) => {
      info.text(rt.IFLA_INFO_KIND, options.kind)
      info.nested(rt.IFLA_INFO_DATA, (data) => writeData(data, options, descriptors.peer))
    })
    .finish()
}

function writeData(data: PayloadWriter, options: AddLinkOptions, peerNetns: number | undefined): void {
  switch (options.kind) {
    case 'veth':
      data.nested(rt.VETH_INFO_PEER, (peer) => {
        peer.raw(linkHeader())
        writeEnd(peer, options.peer, peerNetns)
      })
      break
    case 'vlan':
      data.uint16(rt.IFLA_VLAN_ID, options.id)
      break
    case 'macvlan':
      if (options.mode !== undefined) data.uint32(rt.IFLA_MACVLAN_MODE, linkModes.macvlan[options.mode])
      break
    case 'ipvlan':
      if (options.mode !== undefined) data.uint16(rt.IFLA_IPVLAN_MODE, linkModes.ipvlan[options.mode])
      break
  }
}

function writeEnd(writer: PayloadWriter, end: LinkEndOptions, netns: number | undefined): void {
  writer.text(rt.IFLA_IFNAME, end.name)
  if (netns !== undefined) writer.uint32(rt.IFLA_NET_NS_FD, netns)
  if (end.mtu !== undefined) writer.uint32(rt.IFLA_MTU, end.mtu)
  if (end.txQueueLength !== undefined) writer.uint32(rt.IFLA_TXQLEN, end.txQueueLength)
  if (end.address !== undefined) writer.bytes(rt.IFLA_ADDRESS, parseHardwareAddress('address', end.address))
}

/** The kernel's words are "Unknown device type", also where only a module is missing. */
function withKindHint(cause: NetlinkError, kind: string): NetlinkError {
  const hint =
    kind === 'tun'
      ? 'TUN and TAP devices are made by an ioctl on /dev/net/tun, not by netlink: see @slatfatf/tun, or ip tuntap'
      : `This kernel has no links of kind ${kind}: load the module (modprobe ${kind}), or use a kernel that has it`
  const words = cause.kernelMessage ?? 'not supported'
  const { code, errno, operation, kernelMessage } = cause
  return new NetlinkError(`${operation}: ${words} [${code}]. ${hint}`, {
    code,
    hint,
    kernelMessage,
    cause,
    ...(errno !== undefined && { errno }),
    ...(operation !== undefined && { operation }),
  })
}
