import { readAttributes } from '../../codec/attribute-reader.js'
import type { NetlinkMessage } from '../../codec/message.js'
import * as rt from '../constants.js'
import { decodeLink, LINK_HEADER_BYTES, type Link } from './link.js'

export interface LinkEvent {
  /** In its last moment, if it is gone. */
  link: Link
  isGone: boolean
  /** Where it is now, if it is gone because it moved to another namespace. */
  movedToIndex?: number
}

/**
 * A message of RTNLGRP_LINK, or undefined if it does not speak of the link itself: in the same group come the ports of
 * bridges (AF_BRIDGE), whose RTM_DELLINK means that the link has left the bridge, and the events of old wireless drivers, which
 * tell nothing else of the link.
 */
export function decodeLinkEvent(message: NetlinkMessage): LinkEvent | undefined {
  const { type, payload } = message
  if (type !== rt.RTM_NEWLINK && type !== rt.RTM_DELLINK) return undefined
  const attributes = readAttributes(payload, LINK_HEADER_BYTES)
  if (payload.getUint8(0) !== rt.AF_UNSPEC) return undefined
  let movedToIndex: number | undefined
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.IFLA_WIRELESS) return undefined
    if (a.type === rt.IFLA_NEW_IFINDEX) movedToIndex = a.int32()
  }
  const isGone = type === rt.RTM_DELLINK
  return { link: decodeLink(message), isGone, ...(isGone && movedToIndex !== undefined && { movedToIndex }) }
}
