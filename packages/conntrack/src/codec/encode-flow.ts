import type { PayloadWriter } from '@slatfatf/netlink'
import {
  checkBytes,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import type { FlowChange } from '../flow/flow-change.js'
import type { FlowKey } from '../flow/flow-key.js'
import type { NewFlow } from '../flow/new-flow.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import {
  CTA_ID,
  CTA_LABELS,
  CTA_LABELS_MASK,
  CTA_MARK,
  CTA_MARK_MASK,
  CTA_NAT_DST,
  CTA_NAT_SRC,
  CTA_STATUS,
  CTA_TIMEOUT,
  CTA_TUPLE_MASTER,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_REPLY,
  CTA_ZONE,
} from './constants.js'
import { writeHelper, writeSequenceAdjustments, writeSynproxy } from './encode-flow-extras.js'
import { writeNat } from './encode-nat.js'
import { checkProtocolOfInfo, writeProtocolInfo } from './encode-protocol-info.js'
import { checkTuple, tupleFamily, writePlainTuple, writeTuple } from './encode-tuple.js'
import { familyHeader } from './header.js'

const knownNew = new Set([
  'original',
  'reply',
  'timeoutSeconds',
  'status',
  'mark',
  'zone',
  'protocolInfo',
  'labels',
  'helper',
  'master',
  'nat',
  'sequenceAdjustment',
  'synproxy',
])
const knownNat = new Set(['source', 'destination'])
const knownChange = new Set([
  'timeoutSeconds',
  'mark',
  'status',
  'protocolInfo',
  'labels',
  'helper',
  'sequenceAdjustment',
  'synproxy',
])
const knownMasked = new Set(['bits', 'mask'])
const MOST = 0xffffffff
/** `NF_CT_LABELS_MAX_SIZE` */
const LABEL_BYTES = 16

/** Writes header and attributes of an entry to be made, with this reply tuple. Throws TypeError or RangeError. */
export function writeNewFlow(writer: PayloadWriter, flow: NewFlow, reply: Tuple<AddressForm>): void {
  checkKnown('flow', flow, knownNew)
  const family = tupleFamily('original', flow.original)
  writer.raw(familyHeader(family))
  writeTuple(writer, CTA_TUPLE_ORIG, 'original', flow.original, family)
  if (flow.reply !== undefined) checkTuple('reply', flow.reply)
  writePlainTuple(writer, CTA_TUPLE_REPLY, 'reply', reply, family)
  checkInteger('timeoutSeconds', flow.timeoutSeconds, 1, MOST)
  writer.uint32BE(CTA_TIMEOUT, flow.timeoutSeconds)
  if (flow.status !== undefined) writeUint32(writer, CTA_STATUS, 'status', flow.status)
  if (flow.mark !== undefined) writeUint32(writer, CTA_MARK, 'mark', flow.mark)
  if (flow.zone !== undefined) writeZone(writer, flow.zone)
  if (flow.protocolInfo) {
    checkProtocolOfInfo(flow.original, flow.protocolInfo)
    writeProtocolInfo(writer, flow.protocolInfo)
  }
  if (flow.nat) {
    checkKnown('nat', flow.nat, knownNat)
    const { source, destination } = flow.nat
    if (source) writeNat(writer, CTA_NAT_SRC, 'nat.source', source, family)
    if (destination) writeNat(writer, CTA_NAT_DST, 'nat.destination', destination, family)
  }
  if (flow.labels) writeLabels(writer, flow.labels)
  if (flow.helper) writeHelper(writer, flow.helper)
  if (flow.master) writeTuple(writer, CTA_TUPLE_MASTER, 'master', flow.master, family)
  if (flow.sequenceAdjustment) writeSequenceAdjustments(writer, flow.sequenceAdjustment)
  if (flow.synproxy) writeSynproxy(writer, flow.synproxy)
}

/** Writes header and attributes that find an entry; its id too, which only a delete heeds. Throws TypeError or RangeError. */
export function writeFlowKey(writer: PayloadWriter, key: FlowKey): void {
  if (typeof key !== 'object' || key === null)
    throw invalidType('key', 'a flow or an object with a tuple of it', key)
  const tuple = key.original ?? key.reply
  if (!tuple) throw invalidType('key.original', 'a tuple, or key.reply', tuple)
  const name = key.original ? 'original' : 'reply'
  const family = tupleFamily(name, tuple)
  writer.raw(familyHeader(family))
  writeTuple(writer, key.original ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY, name, tuple, family)
  if (key.zone !== undefined) writeZone(writer, key.zone)
  if (key.id !== undefined) writeUint32(writer, CTA_ID, 'id', key.id)
}

/** Writes what an update changes, after its key. Throws TypeError or RangeError. */
export function writeFlowChange(writer: PayloadWriter, change: FlowChange): void {
  checkKnown('change', change, knownChange)
  if (change.timeoutSeconds !== undefined) {
    checkInteger('timeoutSeconds', change.timeoutSeconds, 1, MOST)
    writer.uint32BE(CTA_TIMEOUT, change.timeoutSeconds)
  }
  if (change.status !== undefined) writeUint32(writer, CTA_STATUS, 'status', change.status)
  if (typeof change.mark === 'object' && change.mark !== null) {
    const { value, mask } = change.mark
    checkInteger('mark.value', value, 0, MOST)
    checkInteger('mark.mask', mask, 0, MOST)
    // The kernel would flip bits that are in the value and not in the mask.
    writer.uint32BE(CTA_MARK, (value & mask) >>> 0)
    writer.uint32BE(CTA_MARK_MASK, mask)
  } else if (change.mark !== undefined) writeUint32(writer, CTA_MARK, 'mark', change.mark)
  if (change.protocolInfo) writeProtocolInfo(writer, change.protocolInfo)
  if (change.labels instanceof Uint8Array) writeLabels(writer, change.labels)
  else if (change.labels !== undefined) {
    checkKnown('labels', change.labels, knownMasked)
    writeMaskedLabels(writer, change.labels)
  }
  if (change.helper) writeHelper(writer, change.helper)
  if (change.sequenceAdjustment) writeSequenceAdjustments(writer, change.sequenceAdjustment)
  if (change.synproxy) writeSynproxy(writer, change.synproxy)
}

export function writeZone(writer: PayloadWriter, zone: number): void {
  checkInteger('zone', zone, 0, 0xffff)
  writer.uint16BE(CTA_ZONE, zone)
}

function writeUint32(writer: PayloadWriter, type: number, name: string, value: number): void {
  checkInteger(name, value, 0, MOST)
  writer.uint32BE(type, value)
}

function writeLabels(writer: PayloadWriter, labels: Uint8Array): void {
  checkLabels('labels', labels)
  writer.bytes(CTA_LABELS, labels)
}

/** The kernel would flip bits that are not in the mask, and clear those beyond the last byte. */
function writeMaskedLabels(writer: PayloadWriter, labels: { bits: Uint8Array; mask: Uint8Array }): void {
  const { bits, mask } = labels
  checkLabels('labels.bits', bits)
  checkLabels('labels.mask', mask)
  if (mask.length !== bits.length) {
    throw invalidValue('labels.mask', `${bits.length} bytes, as labels.bits`, mask)
  }
  const wholeMask = new Uint8Array(LABEL_BYTES)
  wholeMask.set(mask)
  writer.bytes(
    CTA_LABELS,
    wholeMask.map((byte, index) => byte & (bits[index] ?? 0)),
  )
  writer.bytes(CTA_LABELS_MASK, wholeMask)
}

function checkLabels(name: string, labels: unknown): asserts labels is Uint8Array {
  checkBytes(name, labels)
  if (labels.length === 0 || labels.length > LABEL_BYTES || labels.length % 4 !== 0) {
    throw invalidValue(name, `4, 8, 12 or ${LABEL_BYTES} bytes`, labels)
  }
}
