import { onesComplementSum } from '../checksum/internet-checksum.js'
import {
  IPV4_FIELD,
  IPV4_HEADER_BYTES,
  IPV6_FIELD,
  IPV6_HEADER_BYTES,
  TCP,
  TCP_ACK,
  TCP_CWR,
  TCP_FIELD,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
  tcpHeaderLength,
  UDP,
  UDP_FIELD,
  UDP_HEADER_BYTES,
} from './transport-header.js'

/**
 * What a packet is to merging.
 *
 * - `other`: neither TCP nor UDP; nothing to do with any flow.
 * - `barrier`: TCP or UDP of which the flow is not known, a fragment say. It might be of any flow, so nothing may pass it.
 * - `closing`: of a flow, and goes alone. What comes after it must not join what came before.
 * - `data`: may begin a super-packet or join one.
 */
export const KIND = { other: 0, barrier: 1, closing: 2, data: 3 } as const

/** A packet as merging sees it. Offsets count from the beginning of the slab. There is one object, filled anew. */
export interface Candidate {
  offset: number
  length: number
  version: number
  protocol: number
  transport: number
  /** IP and transport header. */
  headerLength: number
  payloadLength: number
  /** Of TCP. */
  flags: number
}

export function createCandidate(): Candidate {
  return {
    offset: 0,
    length: 0,
    version: 0,
    protocol: 0,
    transport: 0,
    headerLength: 0,
    payloadLength: 0,
    flags: 0,
  }
}

/** The bits that may differ between the packets of a super-packet: they are on the last. */
const LAST_FLAGS = TCP_FIN | TCP_PSH
const ALONE_FLAGS = TCP_SYN | TCP_RST | TCP_URG | TCP_CWR
/** The bits of the IPv4 fragment field except DF: more fragments, offset, and one that must be 0. */
const NOT_DF = 0xbfff

/** Headers that may stand between an IPv6 header and TCP or UDP (RFC 8200 §4, RFC 4302, RFC 7401, RFC 5533). */
function isExtension(nextHeader: number): boolean {
  switch (nextHeader) {
    case 0:
    case 43:
    case 44:
    case 51:
    case 60:
    case 135:
    case 139:
    case 140:
      return true
    default:
      return false
  }
}

/** Fills in what the packet at `[offset, offset + length)`, which lies in the view, is; returns its {@link KIND}. */
export function readCandidate(candidate: Candidate, view: DataView, offset: number, length: number): number {
  candidate.offset = offset
  candidate.length = length
  if (length < IPV4_HEADER_BYTES) return KIND.other
  const first = view.getUint8(offset)
  if (first >>> 4 === 4) {
    const protocol = view.getUint8(offset + IPV4_FIELD.protocol)
    if (protocol !== TCP && protocol !== UDP) return KIND.other
    const isPlain =
      first === 0x45 &&
      view.getUint16(offset + IPV4_FIELD.length) === length &&
      (view.getUint16(offset + IPV4_FIELD.fragment) & NOT_DF) === 0
    return isPlain ? readTransport(candidate, view, 4, protocol, IPV4_HEADER_BYTES) : KIND.barrier
  }
  if (first >>> 4 !== 6 || length < IPV6_HEADER_BYTES) return KIND.other
  const protocol = view.getUint8(offset + IPV6_FIELD.nextHeader)
  if (protocol !== TCP && protocol !== UDP) return isExtension(protocol) ? KIND.barrier : KIND.other
  const isPlain = view.getUint16(offset + IPV6_FIELD.length) + IPV6_HEADER_BYTES === length
  return isPlain ? readTransport(candidate, view, 6, protocol, IPV6_HEADER_BYTES) : KIND.barrier
}

function readTransport(
  candidate: Candidate,
  view: DataView,
  version: number,
  protocol: number,
  ipHeader: number,
): number {
  const { offset, length } = candidate
  const transport = offset + ipHeader
  candidate.version = version
  candidate.protocol = protocol
  candidate.transport = transport
  if (protocol === UDP) {
    if (length < ipHeader + UDP_HEADER_BYTES) return KIND.barrier
    candidate.headerLength = ipHeader + UDP_HEADER_BYTES
    candidate.payloadLength = length - candidate.headerLength
    candidate.flags = 0
    const isWhole = view.getUint16(transport + UDP_FIELD.length) === length - ipHeader
    // Without a checksum there is nothing by which to tell a corrupt datagram, and the super-packet would have one.
    const isSummed = view.getUint16(transport + UDP_FIELD.checksum) !== 0
    return isWhole && isSummed && candidate.payloadLength > 0 ? KIND.data : KIND.closing
  }
  if (length < ipHeader + 20) return KIND.barrier
  const tcpHeader = tcpHeaderLength(view, transport)
  if (tcpHeader < 0 || ipHeader + tcpHeader > length) return KIND.closing
  candidate.headerLength = ipHeader + tcpHeader
  candidate.payloadLength = length - candidate.headerLength
  candidate.flags = view.getUint8(transport + TCP_FIELD.flags)
  if (candidate.payloadLength === 0) return KIND.closing
  return (candidate.flags & (ALONE_FLAGS | TCP_ACK)) === TCP_ACK ? KIND.data : KIND.closing
}

/** FIN and PSH of the packet: with either, a super-packet ends with it. */
export function lastFlags(candidate: Candidate): number {
  return candidate.flags & LAST_FLAGS
}

/** Where addresses and ports begin, which both IP versions have side by side if there are no options. */
export function flowKeyOffset(candidate: Candidate): number {
  return candidate.offset + (candidate.version === 4 ? IPV4_FIELD.source : IPV6_FIELD.source)
}

/** 32-bit words of addresses and ports. */
export function flowKeyWords(candidate: Candidate): number {
  return candidate.version === 4 ? 3 : 9
}

/** Whether the plain packet at `head` is of the same flow. */
export function isSameFlow(view: DataView, head: number, candidate: Candidate): boolean {
  const { offset, version, protocol } = candidate
  if (view.getUint8(head) >>> 4 !== version) return false
  const protocolField = version === 4 ? IPV4_FIELD.protocol : IPV6_FIELD.nextHeader
  if (view.getUint8(head + protocolField) !== protocol) return false
  const key = flowKeyOffset(candidate)
  return areSameWords(view, head + key - offset, key, flowKeyWords(candidate))
}

/**
 * Whether the headers of the packet at `head`, of the same flow and with headers of the same length, say the same as the candidate's, but
 * for what cutting a super-packet restores: lengths, checksums, identification, sequence, FIN and PSH.
 */
export function haveSameHeaders(view: DataView, head: number, candidate: Candidate): boolean {
  const { offset, version, protocol, transport, headerLength } = candidate
  if (version === 4) {
    if (view.getUint16(head) !== view.getUint16(offset)) return false
    if (view.getUint8(head + IPV4_FIELD.ttl) !== view.getUint8(offset + IPV4_FIELD.ttl)) return false
    if (view.getUint16(head + IPV4_FIELD.fragment) !== view.getUint16(offset + IPV4_FIELD.fragment))
      return false
  } else {
    if (view.getInt32(head) !== view.getInt32(offset)) return false
    if (view.getUint8(head + IPV6_FIELD.hopLimit) !== view.getUint8(offset + IPV6_FIELD.hopLimit))
      return false
  }
  if (protocol === UDP) return true
  const headTcp = head + transport - offset
  const differing =
    view.getUint16(headTcp + TCP_FIELD.dataOffset) ^ view.getUint16(transport + TCP_FIELD.dataOffset)
  if ((differing & ~LAST_FLAGS) !== 0) return false
  if (
    view.getInt32(headTcp + TCP_FIELD.acknowledgment) !== view.getInt32(transport + TCP_FIELD.acknowledgment)
  ) {
    return false
  }
  if (view.getUint16(headTcp + TCP_FIELD.window) !== view.getUint16(transport + TCP_FIELD.window))
    return false
  if (view.getUint16(headTcp + TCP_FIELD.urgent) !== view.getUint16(transport + TCP_FIELD.urgent))
    return false
  const optionWords = (offset + headerLength - transport - 20) >>> 2
  return areSameWords(view, headTcp + 20, transport + 20, optionWords)
}

/**
 * By how much identifications may count up from the packet at `head` to the next of its super-packet, the candidate: 1, also 0 if
 * neither may be fragmented, else -1. Over IPv6 it is 0.
 *
 * Whoever cuts the super-packet counts up by 1, so that equal identifications do not stay equal. Of a packet with DF the field means
 * nothing and must be ignored (RFC 6864 §4.1), and many senders leave it at 0; the kernel's own receive offload merges them too
 * (inet_gro_flush in include/net/gro.h).
 */
export function identificationStep(view: DataView, head: number, candidate: Candidate): number {
  const { offset, version } = candidate
  if (version === 6) return 0
  const step = identificationDistance(view, head, offset)
  if (step === 1) return 1
  return step === 0 && view.getUint16(offset + IPV4_FIELD.fragment) !== 0 ? 0 : -1
}

/** How far the identification of one IPv4 packet is from that of another before it. */
export function identificationDistance(view: DataView, head: number, offset: number): number {
  const from = view.getUint16(head + IPV4_FIELD.identification)
  return (view.getUint16(offset + IPV4_FIELD.identification) - from) & 0xffff
}

/** Whether the checksums of the plain packet at `[offset, offset + length)` are right: what is wrong must not be made right by merging. */
export function isIntact(view: DataView, offset: number, length: number): boolean {
  if (view.getUint8(offset) >>> 4 === 6) {
    const initial = view.getUint8(offset + IPV6_FIELD.nextHeader) + length - IPV6_HEADER_BYTES
    return onesComplementSum(view, offset + IPV6_FIELD.source, length - IPV6_FIELD.source, initial) === 0xffff
  }
  if (onesComplementSum(view, offset, IPV4_HEADER_BYTES) !== 0xffff) return false
  const initial = view.getUint8(offset + IPV4_FIELD.protocol) + length - IPV4_HEADER_BYTES
  return onesComplementSum(view, offset + IPV4_FIELD.source, length - IPV4_FIELD.source, initial) === 0xffff
}

function areSameWords(view: DataView, one: number, other: number, words: number): boolean {
  for (let at = 0; at < words * 4; at += 4) {
    if (view.getInt32(one + at, true) !== view.getInt32(other + at, true)) return false
  }
  return true
}
