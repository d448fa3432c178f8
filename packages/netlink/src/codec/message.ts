import { align4, NLMSG_HDRLEN } from '../constants.js'
import { malformedError } from '../errors/netlink-error.js'

/** One message from the kernel (`struct nlmsghdr` and what follows it). */
export interface NetlinkMessage {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly portId: number
  /** A window on the receive buffer: valid until the callback that got it returns. Copy what must live longer. */
  readonly payload: DataView
  /** Of an event from another namespace, its id here (`ip netns list-id`); undefined for this one. See `allNamespaces`. */
  readonly namespaceId?: number | undefined
}

export interface OutgoingMessage {
  type: number
  flags: number
  sequence: number
  payload: Uint8Array
}

/**
 * Calls `visit` for each message of one datagram.
 *
 * Throws `ERR_NETLINK_MALFORMED` when a message says to be longer than the datagram, or shorter than its own header;
 * the messages before it have been visited.
 */
export function decodeMessages(
  bytes: Uint8Array,
  start: number,
  length: number,
  visit: (message: NetlinkMessage) => void,
  namespaceId?: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  let at = 0
  while (at < length) {
    const left = length - at
    if (left < NLMSG_HDRLEN) throw malformedError(`${left} bytes after the last message`)
    const messageLength = view.getUint32(at, true)
    if (messageLength < NLMSG_HDRLEN || messageLength > left) {
      throw malformedError(`message of ${messageLength} bytes where ${left} are left`)
    }
    visit({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      portId: view.getUint32(at + 12, true),
      payload: new DataView(view.buffer, view.byteOffset + at + NLMSG_HDRLEN, messageLength - NLMSG_HDRLEN),
      namespaceId,
    })
    at += align4(messageLength)
  }
}

/** Joins messages into one datagram, each aligned to four bytes. */
export function encodeMessages(messages: readonly OutgoingMessage[]): Uint8Array {
  let size = 0
  for (const { payload } of messages) size += align4(NLMSG_HDRLEN + payload.length)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { type, flags, sequence, payload } of messages) {
    const length = NLMSG_HDRLEN + payload.length
    view.setUint32(at, length, true)
    view.setUint16(at + 4, type, true)
    view.setUint16(at + 6, flags, true)
    view.setUint32(at + 8, sequence, true)
    bytes.set(payload, at + NLMSG_HDRLEN)
    at += align4(length)
  }
  return bytes
}
