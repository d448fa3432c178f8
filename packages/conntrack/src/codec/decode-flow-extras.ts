import type { Flow, FlowCounter, FlowTimestamp, SequenceAdjustment, Synproxy } from '../flow/flow.js'
import {
  after,
  attributeLength,
  attributeType,
  bytesAt,
  textAt,
  uint32At,
  uint64At,
} from './attribute-walk.js'
import {
  CTA_COUNTERS_BYTES,
  CTA_COUNTERS_PACKETS,
  CTA_COUNTERS32_BYTES,
  CTA_COUNTERS32_PACKETS,
  CTA_HELP_INFO,
  CTA_HELP_NAME,
  CTA_SEQADJ_CORRECTION_POS,
  CTA_SEQADJ_OFFSET_AFTER,
  CTA_SEQADJ_OFFSET_BEFORE,
  CTA_SYNPROXY_ISN,
  CTA_SYNPROXY_ITS,
  CTA_SYNPROXY_TSOFF,
  CTA_TIMESTAMP_START,
  CTA_TIMESTAMP_STOP,
} from './constants.js'

/** 64 bits, or the 32 bits of old kernels. */
export function decodeCounter(view: DataView, start: number, end: number): FlowCounter {
  let packets = 0n
  let bytes = 0n
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    switch (attributeType(view, at)) {
      case CTA_COUNTERS_PACKETS:
        packets = uint64At(view, at, length)
        break
      case CTA_COUNTERS_BYTES:
        bytes = uint64At(view, at, length)
        break
      case CTA_COUNTERS32_PACKETS:
        packets = BigInt(uint32At(view, at, length))
        break
      case CTA_COUNTERS32_BYTES:
        bytes = BigInt(uint32At(view, at, length))
        break
    }
    at = after(at, length)
  }
  return { packets, bytes }
}

export function decodeTimestamp(view: DataView, start: number, end: number): FlowTimestamp {
  const timestamp: FlowTimestamp = { start: 0n }
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    const type = attributeType(view, at)
    if (type === CTA_TIMESTAMP_START) timestamp.start = uint64At(view, at, length)
    else if (type === CTA_TIMESTAMP_STOP) timestamp.stop = uint64At(view, at, length)
    at = after(at, length)
  }
  return timestamp
}

export function decodeHelper(view: DataView, start: number, end: number): NonNullable<Flow['helper']> {
  const helper: NonNullable<Flow['helper']> = { name: '' }
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    const type = attributeType(view, at)
    if (type === CTA_HELP_NAME) helper.name = textAt(view, at, length)
    else if (type === CTA_HELP_INFO) helper.info = bytesAt(view, at, length)
    at = after(at, length)
  }
  return helper
}

export function decodeSequenceAdjustment(view: DataView, start: number, end: number): SequenceAdjustment {
  const adjustment: SequenceAdjustment = { correctionPosition: 0, offsetBefore: 0, offsetAfter: 0 }
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    switch (attributeType(view, at)) {
      case CTA_SEQADJ_CORRECTION_POS:
        adjustment.correctionPosition = uint32At(view, at, length)
        break
      case CTA_SEQADJ_OFFSET_BEFORE:
        adjustment.offsetBefore = uint32At(view, at, length) | 0
        break
      case CTA_SEQADJ_OFFSET_AFTER:
        adjustment.offsetAfter = uint32At(view, at, length) | 0
        break
    }
    at = after(at, length)
  }
  return adjustment
}

export function decodeSynproxy(view: DataView, start: number, end: number): Synproxy {
  const synproxy: Synproxy = { initialSequence: 0, initialTimestamp: 0, timestampOffset: 0 }
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    switch (attributeType(view, at)) {
      case CTA_SYNPROXY_ISN:
        synproxy.initialSequence = uint32At(view, at, length)
        break
      case CTA_SYNPROXY_ITS:
        synproxy.initialTimestamp = uint32At(view, at, length)
        break
      case CTA_SYNPROXY_TSOFF:
        synproxy.timestampOffset = uint32At(view, at, length)
        break
    }
    at = after(at, length)
  }
  return synproxy
}
