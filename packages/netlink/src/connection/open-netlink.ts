import { loadBinding, type NetlinkTransport } from '../binding.js'
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_BROADCAST_ERROR,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_LISTEN_ALL_NSID,
  NETLINK_NO_ENOBUFS,
} from '../constants.js'
import { checkBoolean, checkInteger, checkKnown, invalidType } from '../errors/invalid-argument.js'
import { errnoError } from '../errors/netlink-error.js'
import { traced } from '../trace/traced-transport.js'
import { NetlinkConnection } from './connection.js'
import { LARGEST_BUFFER_BYTES, LARGEST_GROUP, SocketSettings } from './socket-settings.js'

export interface OpenNetlinkOptions {
  /** NETLINK_ROUTE (0), NETLINK_NETFILTER (12), NETLINK_GENERIC (16), ... */
  protocol: number
  /** Multicast group numbers (`RTNLGRP_*`, `NFNLGRP_*`), not the old bit masks. Some need CAP_NET_ADMIN. @default none */
  groups?: readonly number[] | undefined
  /**
   * A network namespace: a path such as `/run/netns/blue`, or the number of an open descriptor. Needs CAP_SYS_ADMIN.
   * @default the current one
   */
  netns?: string | number | undefined
  /**
   * Room for what waits to be read, as the kernel counts: about 830 bytes an acknowledgement, 1,280 an event. With
   * CAP_NET_ADMIN any size, without it twice net.core.rmem_max at most; `connection.receiveBufferBytes` tells what
   * is in force. @default net.core.rmem_default, 212,992 on most machines
   */
  receiveBufferBytes?: number | undefined
  /** The most that one datagram may have, and 32 bytes. Limits as above, with wmem_max. @default net.core.wmem_default, 212,992 */
  sendBufferBytes?: number | undefined
  /**
   * Makes the kernel's senders wait for this socket instead of losing events: NETLINK_BROADCAST_ERROR and NETLINK_NO_ENOBUFS.
   * Conntrack then keeps destroyed entries until they could be told. Costs others: the kernel may drop packets meanwhile.
   * Answers that overflow are still lost, and still told. @default false
   */
  reliable?: boolean | undefined
  /**
   * Receives events of all namespaces that have an id here (`ip netns set`), with `message.namespaceId`. Needs
   * CAP_NET_BROADCAST. @default false
   */
  allNamespaces?: boolean | undefined
}

const known = [
  'protocol',
  'groups',
  'netns',
  'receiveBufferBytes',
  'sendBufferBytes',
  'reliable',
  'allNamespaces',
]

/**
 * Opens a netlink socket, with extended acknowledgements and strict checking of requests on.
 *
 * Requires Linux 4.20. Rejects with {@link NetlinkError} (`EPROTONOSUPPORT`, `EPERM`, `ENOENT` for the namespace,
 * `ERR_UNSUPPORTED_PLATFORM`), TypeError or RangeError. See netlink(7).
 */
export async function openNetlink(options: OpenNetlinkOptions): Promise<NetlinkConnection> {
  checkOptions(options)
  const { protocol, netns = '', reliable = false, allNamespaces = false } = options
  const { NetlinkSocket } = loadBinding()
  const path = typeof netns === 'number' ? `/proc/self/fd/${netns}` : netns
  const transport = traced(
    open(() => new NetlinkSocket(protocol, path)),
    protocol,
  )
  try {
    const settings = new SocketSettings(transport)
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) settings.set(option, 1)
    if (options.receiveBufferBytes !== undefined) settings.setReceiveBuffer(options.receiveBufferBytes)
    if (options.sendBufferBytes !== undefined) settings.setSendBuffer(options.sendBufferBytes)
    if (reliable) for (const option of [NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS]) settings.set(option, 1)
    if (allNamespaces) settings.set(NETLINK_LISTEN_ALL_NSID, 1)
    for (const group of options.groups ?? []) settings.set(NETLINK_ADD_MEMBERSHIP, group)
    return new NetlinkConnection(transport, { lossIsSilent: reliable })
  } catch (error) {
    transport.close()
    throw error
  }
}

function checkOptions(options: OpenNetlinkOptions): void {
  checkKnown('options', options, known)
  const { protocol, groups, netns, receiveBufferBytes, sendBufferBytes, reliable, allNamespaces } = options
  checkInteger('protocol', protocol, 31)
  if (groups !== undefined && !Array.isArray(groups)) throw invalidType('groups', 'an array', groups)
  for (const group of groups ?? []) checkInteger('groups', group, LARGEST_GROUP)
  if (typeof netns === 'number') checkInteger('netns', netns, 0x7fffffff)
  else if (netns !== undefined && typeof netns !== 'string') {
    throw invalidType('netns', 'a path or the number of a descriptor', netns)
  }
  if (receiveBufferBytes !== undefined) {
    checkInteger('receiveBufferBytes', receiveBufferBytes, LARGEST_BUFFER_BYTES)
  }
  if (sendBufferBytes !== undefined) checkInteger('sendBufferBytes', sendBufferBytes, LARGEST_BUFFER_BYTES)
  if (reliable !== undefined) checkBoolean('reliable', reliable)
  if (allNamespaces !== undefined) checkBoolean('allNamespaces', allNamespaces)
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
