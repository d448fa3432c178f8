import type { AttributeTable } from '../codec/attribute-path.js'
import type { NetlinkMessage } from '../codec/message.js'
import {
  checkFunction,
  checkInteger,
  checkKnown,
  checkSignal,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'

export interface BulkOptions {
  /** The message type of all of them. */
  type: number
  /** NLM_F_CREATE and the like. @default 0 */
  flags?: number | undefined
  /** Names a message in errors. @default `message type <type>` */
  operation?: string | ((index: number) => string) | undefined
  /**
   * How many share one datagram and its acknowledgement. The default receive buffer holds 256 refusals: more in one
   * datagram make all of it unknown. @default 128
   */
  messagesPerDatagram?: number | undefined
  /** Lets errors name the refused attribute as `attributePath`. @default none */
  attributeNames?: AttributeTable | undefined
  /** Gets what the kernel replies to reading messages, or to NLM_F_ECHO. The message is valid until it returns. */
  reply?: ((index: number, message: NetlinkMessage) => void) | undefined
  /** Stops before the next datagram. What was sent has taken effect. */
  signal?: AbortSignal | undefined
}

/** A datagram is closed when it has this many bytes: with one more message it still fits the default send buffer. */
export const DATAGRAM_BYTES = 128 * 1024
export const MESSAGES_PER_DATAGRAM = 128
const MOST_MESSAGES_PER_DATAGRAM = 65_536

const known = ['type', 'flags', 'operation', 'messagesPerDatagram', 'attributeNames', 'reply', 'signal']

export function checkBulk(count: unknown, write: unknown, options: BulkOptions): void {
  checkInteger('count', count, 0xffffffff)
  checkFunction('write', write)
  checkKnown('options', options, known)
  checkInteger('type', options.type, 0xffff)
  if (options.flags !== undefined) checkInteger('flags', options.flags, 0xffff)
  const { messagesPerDatagram, operation, reply } = options
  if (messagesPerDatagram !== undefined) {
    checkInteger('messagesPerDatagram', messagesPerDatagram, MOST_MESSAGES_PER_DATAGRAM)
    if (messagesPerDatagram === 0) throw invalidValue('messagesPerDatagram', 'at least 1', 0)
  }
  if (operation !== undefined && typeof operation !== 'string' && typeof operation !== 'function') {
    throw invalidType('operation', 'a string or a function', operation)
  }
  if (reply !== undefined) checkFunction('reply', reply)
  checkSignal(options.signal)
}
