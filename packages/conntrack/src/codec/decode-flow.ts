import type { Flow } from '../flow/flow.js'
import type { ProtocolInfo } from '../flow/protocol-info.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import {
  after,
  attributeLength,
  attributeType,
  bytesAt,
  textAt,
  uint16At,
  uint32At,
  uint64At,
} from './attribute-walk.js'
import {
  AF_INET,
  AF_INET6,
  CTA_COUNTERS_ORIG,
  CTA_COUNTERS_REPLY,
  CTA_HELP,
  CTA_ID,
  CTA_LABELS,
  CTA_MARK,
  CTA_PROTOINFO,
  CTA_SECCTX,
  CTA_SECCTX_NAME,
  CTA_SEQ_ADJ_ORIG,
  CTA_SEQ_ADJ_REPLY,
  CTA_STATUS,
  CTA_SYNPROXY,
  CTA_TIMEOUT,
  CTA_TIMESTAMP,
  CTA_TIMESTAMP_EVENT,
  CTA_TUPLE_MASTER,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_REPLY,
  CTA_USE,
  CTA_ZONE,
  NFGENMSG_BYTES,
} from './constants.js'
import {
  decodeCounter,
  decodeHelper,
  decodeSequenceAdjustment,
  decodeSynproxy,
  decodeTimestamp,
} from './decode-flow-extras.js'
import { decodeProtocolInfo } from './decode-protocol-info.js'
import { type Addresses, decodeTuple } from './decode-tuple.js'
import { malformed } from './malformed.js'

/**
 * Decodes an entry from the payload of a message (`struct nfgenmsg` and attributes).
 *
 * Attributes that are not known are kept in `unknown`; children of known ones that are not known are passed over. With
 * `'bytes'` addresses are copies of 4 or 16 bytes. Throws NetlinkError `ERR_NETLINK_MALFORMED` and nothing else, whatever
 * the bytes are.
 */
export function decodeFlow(payload: DataView, addresses?: 'text'): Flow
export function decodeFlow(payload: DataView, addresses: 'bytes'): Flow<Uint8Array>
export function decodeFlow(payload: DataView, addresses?: Addresses): Flow<AddressForm>
export function decodeFlow(view: DataView, addresses: Addresses = 'text'): Flow<AddressForm> {
  const end = view.byteLength
  const family = decodeFamily(view)
  let original: Tuple<AddressForm> | undefined
  let reply: Tuple<AddressForm> | undefined
  let id: number | undefined
  let status: number | undefined
  let timeout: number | undefined
  let mark: number | undefined
  let use: number | undefined
  let protocolInfo: ProtocolInfo | undefined
  let rest = 0
  for (let at = NFGENMSG_BYTES; at < end; ) {
    const length = attributeLength(view, at, end)
    switch (attributeType(view, at)) {
      case CTA_TUPLE_ORIG:
        original = decodeTuple(view, at + 4, at + length, addresses)
        break
      case CTA_TUPLE_REPLY:
        reply = decodeTuple(view, at + 4, at + length, addresses)
        break
      case CTA_ID:
        id = uint32At(view, at, length)
        break
      case CTA_STATUS:
        status = uint32At(view, at, length)
        break
      case CTA_TIMEOUT:
        timeout = uint32At(view, at, length)
        break
      case CTA_MARK:
        mark = uint32At(view, at, length)
        break
      case CTA_USE:
        use = uint32At(view, at, length)
        break
      case CTA_PROTOINFO:
        protocolInfo = decodeProtocolInfo(view, at + 4, at + length)
        break
      case CTA_SYNPROXY:
        if (!isEmptySynproxy(view, at, length)) rest ||= at
        break
      default:
        rest ||= at
    }
    at = after(at, length)
  }
  if (!original || !reply) throw malformed('an entry without its tuples')
  // Objects of few shapes: what nearly every entry has is in them from the beginning.
  const flow: Flow<AddressForm> = protocolInfo
    ? { family, original, reply, id, status, timeout, mark, use, protocolInfo }
    : { family, original, reply, id, status, timeout, mark, use }
  if (rest > 0) decodeRest(flow, view, rest, end, addresses)
  return flow
}

/** The kernel sends three zeros with every entry that came by netlink. */
function isEmptySynproxy(view: DataView, at: number, length: number): boolean {
  return length === 28 && (view.getUint32(at + 8) | view.getUint32(at + 16) | view.getUint32(at + 24)) === 0
}

/** What few entries have, in the order in which the kernel sends it. */
function decodeRest(
  flow: Flow<AddressForm>,
  view: DataView,
  start: number,
  end: number,
  addresses: Addresses,
): void {
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    const type = attributeType(view, at)
    const [inside, insideEnd] = [at + 4, at + length]
    switch (type) {
      case CTA_TUPLE_ORIG:
      case CTA_TUPLE_REPLY:
      case CTA_ID:
      case CTA_STATUS:
      case CTA_TIMEOUT:
      case CTA_MARK:
      case CTA_USE:
      case CTA_PROTOINFO:
        break
      case CTA_ZONE:
        flow.zone = uint16At(view, at, length)
        break
      case CTA_COUNTERS_ORIG:
        flow.counters = { ...flow.counters, original: decodeCounter(view, inside, insideEnd) }
        break
      case CTA_COUNTERS_REPLY:
        flow.counters = { ...flow.counters, reply: decodeCounter(view, inside, insideEnd) }
        break
      case CTA_TIMESTAMP:
        flow.timestamp = decodeTimestamp(view, inside, insideEnd)
        break
      case CTA_TIMESTAMP_EVENT:
        flow.eventTime = uint64At(view, at, length)
        break
      case CTA_LABELS:
        flow.labels = bytesAt(view, at, length)
        break
      case CTA_HELP:
        flow.helper = decodeHelper(view, inside, insideEnd)
        break
      case CTA_TUPLE_MASTER:
        flow.master = decodeTuple(view, inside, insideEnd, addresses)
        break
      case CTA_SEQ_ADJ_ORIG:
        flow.sequenceAdjustment = {
          ...flow.sequenceAdjustment,
          original: decodeSequenceAdjustment(view, inside, insideEnd),
        }
        break
      case CTA_SEQ_ADJ_REPLY:
        flow.sequenceAdjustment = {
          ...flow.sequenceAdjustment,
          reply: decodeSequenceAdjustment(view, inside, insideEnd),
        }
        break
      case CTA_SYNPROXY:
        if (!isEmptySynproxy(view, at, length)) flow.synproxy = decodeSynproxy(view, inside, insideEnd)
        break
      case CTA_SECCTX:
        flow.securityContext = decodeSecurityContext(view, inside, insideEnd)
        break
      default:
        flow.unknown ??= []
        flow.unknown.push({ type, bytes: bytesAt(view, at, length) })
    }
    at = after(at, length)
  }
}

function decodeSecurityContext(view: DataView, start: number, end: number): string | undefined {
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    if (attributeType(view, at) === CTA_SECCTX_NAME) return textAt(view, at, length)
    at = after(at, length)
  }
  return undefined
}

/** The family in `struct nfgenmsg`. */
export function decodeFamily(view: DataView): 4 | 6 {
  if (view.byteLength < NFGENMSG_BYTES) throw malformed(`${view.byteLength} bytes are no nfgenmsg`)
  const family = view.getUint8(0)
  if (family === AF_INET) return 4
  if (family === AF_INET6) return 6
  throw malformed(`address family ${family}`)
}
