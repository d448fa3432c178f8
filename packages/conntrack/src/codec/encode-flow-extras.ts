import type { PayloadWriter } from '@slatfatf/netlink'
import { checkBytes, checkInteger, checkKnown, checkText, invalidValue } from '../errors/invalid-argument.js'
import type { SequenceAdjustment, Synproxy } from '../flow/flow.js'
import type { NewFlow } from '../flow/new-flow.js'
import {
  CTA_HELP,
  CTA_HELP_INFO,
  CTA_HELP_NAME,
  CTA_SEQ_ADJ_ORIG,
  CTA_SEQ_ADJ_REPLY,
  CTA_SEQADJ_CORRECTION_POS,
  CTA_SEQADJ_OFFSET_AFTER,
  CTA_SEQADJ_OFFSET_BEFORE,
  CTA_SYNPROXY,
  CTA_SYNPROXY_ISN,
  CTA_SYNPROXY_ITS,
  CTA_SYNPROXY_TSOFF,
} from './constants.js'

const knownHelper = new Set(['name', 'info'])
const knownDirections = new Set(['original', 'reply'])
const knownAdjustment = new Set(['correctionPosition', 'offsetBefore', 'offsetAfter'])
const knownSynproxy = new Set(['initialSequence', 'initialTimestamp', 'timestampOffset'])
/** `NF_CT_HELPER_NAME_LEN` less the NUL. */
const HELPER_NAME_BYTES = 15
const MOST = 0xffffffff

export function writeHelper(writer: PayloadWriter, helper: NonNullable<NewFlow['helper']>): void {
  checkKnown('helper', helper, knownHelper)
  checkHelperName('helper.name', helper.name)
  const nest = writer.beginNested(CTA_HELP)
  writer.text(CTA_HELP_NAME, helper.name)
  if (helper.info !== undefined) {
    checkBytes('helper.info', helper.info)
    writer.bytes(CTA_HELP_INFO, helper.info)
  }
  writer.endNested(nest)
}

export function checkHelperName(name: string, value: unknown): asserts value is string {
  checkText(name, value)
  if (Buffer.byteLength(value) > HELPER_NAME_BYTES) {
    throw invalidValue(name, `at most ${HELPER_NAME_BYTES} bytes`, value)
  }
}

export function writeSequenceAdjustments(
  writer: PayloadWriter,
  adjustments: NonNullable<NewFlow['sequenceAdjustment']>,
): void {
  checkKnown('sequenceAdjustment', adjustments, knownDirections)
  const { original, reply } = adjustments
  if (original) writeSequenceAdjustment(writer, CTA_SEQ_ADJ_ORIG, 'sequenceAdjustment.original', original)
  if (reply) writeSequenceAdjustment(writer, CTA_SEQ_ADJ_REPLY, 'sequenceAdjustment.reply', reply)
}

function writeSequenceAdjustment(
  writer: PayloadWriter,
  type: number,
  name: string,
  adjustment: SequenceAdjustment,
): void {
  checkKnown(name, adjustment, knownAdjustment)
  const { correctionPosition, offsetBefore, offsetAfter } = adjustment
  checkInteger(`${name}.correctionPosition`, correctionPosition, 0, MOST)
  checkInteger(`${name}.offsetBefore`, offsetBefore, -0x80000000, 0x7fffffff)
  checkInteger(`${name}.offsetAfter`, offsetAfter, -0x80000000, 0x7fffffff)
  const nest = writer.beginNested(type)
  writer.uint32BE(CTA_SEQADJ_CORRECTION_POS, correctionPosition)
  writer.uint32BE(CTA_SEQADJ_OFFSET_BEFORE, offsetBefore >>> 0)
  writer.uint32BE(CTA_SEQADJ_OFFSET_AFTER, offsetAfter >>> 0)
  writer.endNested(nest)
}

export function writeSynproxy(writer: PayloadWriter, synproxy: Synproxy): void {
  checkKnown('synproxy', synproxy, knownSynproxy)
  const { initialSequence, initialTimestamp, timestampOffset } = synproxy
  checkInteger('synproxy.initialSequence', initialSequence, 0, MOST)
  checkInteger('synproxy.initialTimestamp', initialTimestamp, 0, MOST)
  checkInteger('synproxy.timestampOffset', timestampOffset, 0, MOST)
  const nest = writer.beginNested(CTA_SYNPROXY)
  writer.uint32BE(CTA_SYNPROXY_ISN, initialSequence)
  writer.uint32BE(CTA_SYNPROXY_ITS, initialTimestamp)
  writer.uint32BE(CTA_SYNPROXY_TSOFF, timestampOffset)
  writer.endNested(nest)
}
