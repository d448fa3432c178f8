import { loadBinding, type NetlinkTransport } from './binding.js'
import { NetlinkConnection } from './connection.js'
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_NETLINK,
  SOL_SOCKET,
} from './constants.js'
import { errnoError } from './errors.js'
import { checkInteger, invalidType } from './invalid-argument.js'

export interface OpenNetlinkOptions {
  /** NETLINK_ROUTE (0), NETLINK_NETFILTER (12), NETLINK_GENERIC (16), ... */
  protocol: number
  /** Multicast group numbers (`RTNLGRP_*`, `NFNLGRP_*`), not the old bit masks. Some need CAP_NET_ADMIN. @default none */
  groups?: readonly number[]
  /** Path of a network namespace, such as `/run/netns/blue`. Needs CAP_SYS_ADMIN. @default the current one */
  netns?: string
  /**
   * Room for what waits to be read, about 1,280 bytes an event. Beyond net.core.rmem_max with CAP_NET_ADMIN, up to it
   * without. @default net.core.rmem_default
   */
  receiveBufferBytes?: number
}

const EPERM = -1

/**
 * Opens a netlink socket, with extended acknowledgements and strict checking of requests on.
 *
 * Requires Linux 4.20. Rejects with {@link NetlinkError} (`EPROTONOSUPPORT`, `EPERM`, `ENOENT` for the namespace,
 * `ERR_UNSUPPORTED_PLATFORM`), TypeError or RangeError. See netlink(7).
 */
export async function openNetlink(options: OpenNetlinkOptions): Promise<NetlinkConnection> {
  checkOptions(options)
  const { NetlinkSocket } = loadBinding()
  const transport = open(() => new NetlinkSocket(options.protocol, options.netns ?? ''))
  try {
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
      setNetlinkOption(transport, option, 1)
    }
    if (options.receiveBufferBytes !== undefined) setReceiveBuffer(transport, options.receiveBufferBytes)
    for (const group of options.groups ?? []) setNetlinkOption(transport, NETLINK_ADD_MEMBERSHIP, group)
    return new NetlinkConnection(transport)
  } catch (error) {
    transport.close()
    throw error
  }
}

function checkOptions({ protocol, groups, netns, receiveBufferBytes }: OpenNetlinkOptions): void {
  checkInteger('protocol', protocol, 31)
  for (const group of groups ?? []) checkInteger('groups', group, 0x7fffffff)
  if (netns !== undefined && typeof netns !== 'string') throw invalidType('netns', 'a path', netns)
  if (receiveBufferBytes !== undefined) checkInteger('receiveBufferBytes', receiveBufferBytes, 0x3fffffff)
}

function open(create: () => NetlinkTransport): NetlinkTransport {
  try {
    return create()
  } catch (cause) {
    const { errno, syscall } = cause as { errno?: number; syscall?: string }
    if (errno === undefined || syscall === undefined) throw cause
    throw errnoError(errno, 'open netlink', { syscall, cause })
  }
}

function setNetlinkOption(transport: NetlinkTransport, name: number, value: number): void {
  const result = transport.setOption(SOL_NETLINK, name, value)
  if (result < 0) throw errnoError(result, 'open netlink', { syscall: 'setsockopt' })
}

function setReceiveBuffer(transport: NetlinkTransport, bytes: number): void {
  let result = transport.setOption(SOL_SOCKET, SO_RCVBUFFORCE, bytes)
  if (result === EPERM) result = transport.setOption(SOL_SOCKET, SO_RCVBUF, bytes)
  if (result < 0) throw errnoError(result, 'open netlink', { syscall: 'setsockopt' })
}
