import { Buffer } from 'node:buffer'
import { decodeAcknowledgement } from '../codec/acknowledgement.js'
import { AttributeReader } from '../codec/attribute-reader.js'
import { decodeMessages, type NetlinkMessage } from '../codec/message.js'
import {
  NETLINK_GENERIC,
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_MIN_TYPE,
} from '../constants.js'
import { isNetlinkError } from '../errors/netlink-error.js'

const LONGEST_DUMP_BYTES = 64
const PRINTABLE = /^[\x20-\x7e]+\0?$/

/** Lengths of the families' headers, by rtnetlink's groups of four types: link, address, route, neighbour, rule, then tc. */
const routeHeaders = [16, 8, 12, 12, 12, 20, 20, 20]

/** All messages of one datagram: type, flags, sequence, and the attributes as a tree of types, lengths and texts. */
export function describeDatagram(bytes: Uint8Array, protocol: number): string {
  const messages: string[] = []
  try {
    decodeMessages(bytes, 0, bytes.length, (message) => messages.push(describeMessage(message, protocol)))
  } catch (error) {
    if (!isNetlinkError(error)) throw error
    messages.push(`${error.message}: ${hex(bytes)}`)
  }
  return messages.join('\n  ')
}

export function describeMessage(message: NetlinkMessage, protocol: number): string {
  const { type, flags, sequence, payload, namespaceId } = message
  const name =
    protocol === NETLINK_NETFILTER && type >= NLMSG_MIN_TYPE ? `${type >> 8}.${type & 0xff}` : String(type)
  const from = namespaceId === undefined ? '' : ` nsid ${namespaceId}`
  return `type ${name} flags 0x${flags.toString(16)} seq ${sequence}${from} ${describePayload(message, protocol, payload)}`
}

function describePayload(message: NetlinkMessage, protocol: number, payload: DataView): string {
  const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
  try {
    if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
      const { errno, kernelMessage, attributeOffset } = decodeAcknowledgement(message)
      const words = kernelMessage === undefined ? '' : ` "${kernelMessage}"`
      const place = attributeOffset === undefined ? '' : ` at byte ${attributeOffset}`
      return `${message.type === NLMSG_DONE ? 'done' : 'answer'} ${errno}${words}${place}`
    }
    const headerBytes = headerLength(protocol, message.type)
    if (headerBytes === undefined || headerBytes > bytes.length) return hex(bytes)
    const attributes = new AttributeReader(payload, headerBytes, payload.byteLength)
    return `[${hex(bytes.subarray(0, headerBytes))}] ${describeAttributes(attributes)}`
  } catch (error) {
    if (!isNetlinkError(error)) throw error
    return hex(bytes)
  }
}

function headerLength(protocol: number, type: number): number | undefined {
  if (protocol === NETLINK_NETFILTER || protocol === NETLINK_GENERIC) return 4
  return protocol === NETLINK_ROUTE ? routeHeaders[(type - NLMSG_MIN_TYPE) >> 2] : undefined
}

function describeAttributes(reader: AttributeReader): string {
  const parts: string[] = []
  while (reader.next()) parts.push(`${reader.type}(${reader.length})${describeValue(reader)}`)
  return parts.join(' ')
}

function describeValue(reader: AttributeReader): string {
  if (reader.isNested) return `{ ${describeAttributes(reader.nested())} }`
  const bytes = reader.bytes()
  const text = Buffer.from(bytes).toString('latin1')
  // Three letters and a NUL may as well be a number.
  return bytes.length > 2 && PRINTABLE.test(text) ? `="${text.replace('\0', '')}"` : `=${hex(bytes)}`
}

function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, LONGEST_DUMP_BYTES)).toString('hex')
  return bytes.length > LONGEST_DUMP_BYTES ? `${shown}...` : shown
}
