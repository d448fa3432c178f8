import { fold, onesComplementSum } from '../checksum/internet-checksum.js'
import { udpComputed } from '../checksum/udp-zero.js'
import type { SegmentLayout } from './segment-layout.js'
import {
  checksumOffsetOf,
  IPV4_FIELD,
  IPV6_FIELD,
  IPV6_HEADER_BYTES,
  TCP,
  TCP_CWR,
  TCP_FIELD,
  TCP_FIN,
  TCP_PSH,
  UDP_FIELD,
} from './transport-header.js'

/** What the headers of all segments of a super-packet have in common, so that each costs a few additions. */
export interface SegmentHeader {
  /** Sum of the IPv4 header without length, identification and checksum. */
  ipSum: number
  /** Sum of the transport header and the pseudo-header without what differs: length, sequence, flags, checksum. */
  transportSum: number
  identification: number
  sequence: number
  /** Data offset, reserved bits and flags of TCP. */
  flags: number
}

export function createSegmentHeader(): SegmentHeader {
  return { ipSum: 0, transportSum: 0, identification: 0, sequence: 0, flags: 0 }
}

/** Reads the headers of the super-packet whose layout is given. */
export function readSegmentHeader(header: SegmentHeader, layout: SegmentLayout, view: DataView): void {
  const { offset, transport, protocol, version, payload } = layout
  if (version === 4) {
    header.identification = view.getUint16(offset + IPV4_FIELD.identification)
    const without =
      complement(view.getUint16(offset + IPV4_FIELD.length)) +
      complement(header.identification) +
      complement(view.getUint16(offset + IPV4_FIELD.checksum))
    header.ipSum = onesComplementSum(view, offset, transport - offset, without)
  }
  let without = complement(view.getUint16(transport + checksumOffsetOf(protocol)))
  if (protocol === TCP) {
    header.sequence = view.getInt32(transport + TCP_FIELD.sequence)
    header.flags = view.getUint16(transport + TCP_FIELD.dataOffset)
    without +=
      complement(header.sequence >>> 16) + complement(header.sequence & 0xffff) + complement(header.flags)
  } else {
    without += complement(view.getUint16(transport + UDP_FIELD.length))
  }
  const sum = onesComplementSum(view, transport, payload - transport, without)
  header.transportSum = fold(sum + pseudoHeaderWithoutLength(layout, view))
}

/** Writes the header of a segment, whose `bytes` of payload have the sum `payloadSum`, to `at`, which is in `target`. */
export function writeSegmentHeader(
  header: SegmentHeader,
  layout: SegmentLayout,
  source: DataView,
  segment: number,
  isLast: boolean,
  payloadSum: number,
  bytes: number,
  target: DataView,
  at: number,
): void {
  const { offset, transport, payload, protocol, version, gsoSize } = layout
  const headerBytes = payload - offset
  // Both headers are whole words, whatever options they have.
  for (let done = 0; done < headerBytes; done += 4) {
    target.setInt32(at + done, source.getInt32(offset + done, true), true)
  }
  if (version === 4) {
    const identification = (header.identification + segment) & 0xffff
    target.setUint16(at + IPV4_FIELD.length, headerBytes + bytes)
    target.setUint16(at + IPV4_FIELD.identification, identification)
    target.setUint16(
      at + IPV4_FIELD.checksum,
      complement(fold(header.ipSum + headerBytes + bytes + identification)),
    )
  } else {
    target.setUint16(at + IPV6_FIELD.length, headerBytes + bytes - IPV6_HEADER_BYTES)
  }
  const start = at + transport - offset
  const covered = payload - transport + bytes
  let sum = header.transportSum + payloadSum + covered
  if (protocol === TCP) {
    const sequence = (header.sequence + segment * gsoSize) | 0
    let flags = header.flags
    if (segment > 0) flags &= ~TCP_CWR
    if (!isLast) flags &= ~(TCP_FIN | TCP_PSH)
    target.setInt32(start + TCP_FIELD.sequence, sequence)
    target.setUint16(start + TCP_FIELD.dataOffset, flags)
    sum += (sequence >>> 16) + (sequence & 0xffff) + flags
    target.setUint16(start + TCP_FIELD.checksum, complement(fold(sum)))
  } else {
    target.setUint16(start + UDP_FIELD.length, covered)
    target.setUint16(start + UDP_FIELD.checksum, udpComputed(complement(fold(sum + covered))))
  }
}

/** The sum of the super-packet's pseudo-header, to which each segment adds its own length. */
function pseudoHeaderWithoutLength(layout: SegmentLayout, view: DataView): number {
  const { transport, payload, payloadLength, protocol, isPartial, source, destination, version } = layout
  if (isPartial) {
    const whole = payload - transport + payloadLength
    return fold(view.getUint16(transport + checksumOffsetOf(protocol)) + complement(whole))
  }
  const addressBytes = version === 4 ? 4 : 16
  const addresses = onesComplementSum(view, source, addressBytes, protocol)
  return onesComplementSum(view, destination, addressBytes, addresses)
}

/** Of a sum, its checksum; of a word, what takes it out of a sum. */
function complement(word: number): number {
  return ~word & 0xffff
}
