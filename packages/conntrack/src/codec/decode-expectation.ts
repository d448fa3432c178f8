import type { Expectation, ExpectationNat } from '../flow/expectation.js'
import type { UnknownAttribute } from '../flow/flow.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import {
  after,
  attributeLength,
  attributeType,
  bytesAt,
  textAt,
  uint16At,
  uint32At,
} from './attribute-walk.js'
import {
  CTA_EXPECT_CLASS,
  CTA_EXPECT_FLAGS,
  CTA_EXPECT_FN,
  CTA_EXPECT_HELP_NAME,
  CTA_EXPECT_ID,
  CTA_EXPECT_MASK,
  CTA_EXPECT_MASTER,
  CTA_EXPECT_NAT,
  CTA_EXPECT_NAT_DIR,
  CTA_EXPECT_NAT_TUPLE,
  CTA_EXPECT_TIMEOUT,
  CTA_EXPECT_TUPLE,
  CTA_EXPECT_ZONE,
  NFGENMSG_BYTES,
} from './constants.js'
import { decodeFamily } from './decode-flow.js'
import { type Addresses, decodeTuple } from './decode-tuple.js'
import { malformed } from './malformed.js'

/**
 * Decodes an expectation from the payload of a message. What is not known is kept as in {@link decodeFlow}. Throws
 * NetlinkError `ERR_NETLINK_MALFORMED`.
 */
export function decodeExpectation(payload: DataView, addresses?: 'text'): Expectation
export function decodeExpectation(payload: DataView, addresses: 'bytes'): Expectation<Uint8Array>
export function decodeExpectation(payload: DataView, addresses?: Addresses): Expectation<AddressForm>
export function decodeExpectation(view: DataView, addresses: Addresses = 'text'): Expectation<AddressForm> {
  const end = view.byteLength
  const family = decodeFamily(view)
  let tuple: Tuple<AddressForm> | undefined
  let mask: Tuple<AddressForm> | undefined
  let master: Tuple<AddressForm> | undefined
  const more: Partial<Expectation<AddressForm>> = {}
  const unknown: UnknownAttribute[] = []
  for (let at = NFGENMSG_BYTES; at < end; ) {
    const length = attributeLength(view, at, end)
    const [inside, insideEnd] = [at + 4, at + length]
    const type = attributeType(view, at)
    if (type === CTA_EXPECT_TUPLE) tuple = decodeTuple(view, inside, insideEnd, addresses)
    else if (type === CTA_EXPECT_MASK) mask = decodeTuple(view, inside, insideEnd, addresses)
    else if (type === CTA_EXPECT_MASTER) master = decodeTuple(view, inside, insideEnd, addresses)
    else if (type === CTA_EXPECT_ID) more.id = uint32At(view, at, length)
    else if (type === CTA_EXPECT_TIMEOUT) more.timeout = uint32At(view, at, length)
    else if (type === CTA_EXPECT_ZONE) more.zone = uint16At(view, at, length)
    else if (type === CTA_EXPECT_FLAGS) more.flags = uint32At(view, at, length)
    else if (type === CTA_EXPECT_CLASS) more.class = uint32At(view, at, length)
    else if (type === CTA_EXPECT_HELP_NAME) more.helper = textAt(view, at, length)
    else if (type === CTA_EXPECT_FN) more.expectFunction = textAt(view, at, length)
    else if (type === CTA_EXPECT_NAT) more.nat = decodeNat(view, inside, insideEnd, addresses)
    else unknown.push({ type, bytes: bytesAt(view, at, length) })
    at = after(at, length)
  }
  if (!tuple || !mask || !master) throw malformed('an expectation without its tuples')
  if (unknown.length > 0) more.unknown = unknown
  return { family, tuple, mask, master, ...more }
}

function decodeNat(
  view: DataView,
  start: number,
  end: number,
  addresses: Addresses,
): ExpectationNat<AddressForm> | undefined {
  let direction: 'original' | 'reply' = 'original'
  let tuple: Tuple<AddressForm> | undefined
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    const type = attributeType(view, at)
    if (type === CTA_EXPECT_NAT_DIR) direction = uint32At(view, at, length) === 0 ? 'original' : 'reply'
    else if (type === CTA_EXPECT_NAT_TUPLE) tuple = decodeTuple(view, at + 4, at + length, addresses)
    at = after(at, length)
  }
  return tuple && { direction, tuple }
}
