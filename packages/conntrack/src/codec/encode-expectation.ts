import type { PayloadWriter } from '@slatfatf/netlink'
import { checkInteger, checkKnown, checkObject, checkText, invalidValue } from '../errors/invalid-argument.js'
import type { ExpectationKey, ExpectationNat, NewExpectation } from '../flow/expectation.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
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
} from './constants.js'
import { checkHelperName } from './encode-flow-extras.js'
import { tupleFamily, writeTuple } from './encode-tuple.js'
import { familyHeader } from './header.js'

const known = new Set([
  'tuple',
  'mask',
  'master',
  'timeoutSeconds',
  'zone',
  'flags',
  'class',
  'helper',
  'nat',
  'expectFunction',
])
const knownNat = new Set(['direction', 'tuple'])
const MOST = 0xffffffff

/** Writes header and attributes of an expectation to be made. Throws TypeError or RangeError. */
export function writeNewExpectation(writer: PayloadWriter, expectation: NewExpectation): void {
  checkKnown('expectation', expectation, known)
  const { tuple, master, timeoutSeconds, zone, flags, helper, nat, expectFunction } = expectation
  const family = tupleFamily('tuple', tuple)
  writer.raw(familyHeader(family))
  writeTuple(writer, CTA_EXPECT_MASTER, 'master', master, family)
  writeTuple(writer, CTA_EXPECT_TUPLE, 'tuple', tuple, family)
  writeTuple(writer, CTA_EXPECT_MASK, 'mask', expectation.mask ?? anySource(tuple, family), family)
  if (timeoutSeconds !== undefined) {
    checkInteger('timeoutSeconds', timeoutSeconds, 1, MOST)
    writer.uint32BE(CTA_EXPECT_TIMEOUT, timeoutSeconds)
  }
  if (zone !== undefined) writeZone(writer, zone)
  if (flags !== undefined) {
    checkInteger('flags', flags, 0, MOST)
    writer.uint32BE(CTA_EXPECT_FLAGS, flags)
  }
  if (expectation.class !== undefined) {
    checkInteger('class', expectation.class, 0, MOST)
    writer.uint32BE(CTA_EXPECT_CLASS, expectation.class)
  }
  if (helper !== undefined) {
    checkHelperName('helper', helper)
    writer.text(CTA_EXPECT_HELP_NAME, helper)
  }
  if (nat !== undefined) writeNat(writer, nat, family)
  if (expectFunction !== undefined) {
    checkText('expectFunction', expectFunction)
    writer.text(CTA_EXPECT_FN, expectFunction)
  }
}

/** Writes header and attributes that find an expectation. Throws TypeError or RangeError. */
export function writeExpectationKey(writer: PayloadWriter, key: ExpectationKey): void {
  checkObject('key', key)
  const { tuple, zone, id } = key
  const family = tupleFamily('tuple', tuple)
  writer.raw(familyHeader(family))
  writeTuple(writer, CTA_EXPECT_TUPLE, 'tuple', tuple, family)
  if (zone !== undefined) writeZone(writer, zone)
  if (id === undefined) return
  checkInteger('id', id, 0, MOST)
  writer.uint32BE(CTA_EXPECT_ID, id)
}

/** Limits a dump to what one flow expects. */
export function writeExpectationMaster(
  writer: PayloadWriter,
  master: Tuple<AddressForm>,
  zone?: number,
): void {
  const family = tupleFamily('master', master)
  writer.raw(familyHeader(family))
  writeTuple(writer, CTA_EXPECT_MASTER, 'master', master, family)
  if (zone !== undefined) writeZone(writer, zone)
}

/** Only the source side of a mask counts; the kernel has the rest agree always. */
function anySource(tuple: Tuple<AddressForm>, family: 4 | 6): Tuple<AddressForm> {
  const [none, all] =
    family === 4 ? ['0.0.0.0', '255.255.255.255'] : ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']
  const mask: Tuple<AddressForm> = { source: none, destination: all, protocol: tuple.protocol }
  if (tuple.sourcePort !== undefined) mask.sourcePort = 0
  if (tuple.destinationPort !== undefined) mask.destinationPort = 0xffff
  if (tuple.icmp !== undefined) mask.icmp = tuple.icmp
  if (tuple.greKeys !== undefined) mask.greKeys = { source: 0, destination: 0xffff }
  return mask
}

function writeZone(writer: PayloadWriter, zone: number): void {
  checkInteger('zone', zone, 0, 0xffff)
  writer.uint16BE(CTA_EXPECT_ZONE, zone)
}

function writeNat(writer: PayloadWriter, nat: ExpectationNat<AddressForm>, family: 4 | 6): void {
  checkKnown('nat', nat, knownNat)
  const direction = ['original', 'reply'].indexOf(nat.direction)
  if (direction < 0) throw invalidValue('nat.direction', 'original or reply', nat.direction)
  const nest = writer.beginNested(CTA_EXPECT_NAT)
  writer.uint32BE(CTA_EXPECT_NAT_DIR, direction)
  writeTuple(writer, CTA_EXPECT_NAT_TUPLE, 'nat.tuple', nat.tuple, family)
  writer.endNested(nest)
}
