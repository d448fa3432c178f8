import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../batch/descriptor.js'
import type { PacketBatch } from '../batch/packet-batch.js'
import { createTransportLocation, locateTransport } from '../checksum/transport-location.js'
import { CHECKSUM } from '../checksum/verdict.js'
import { MAX_PACKET_BYTES } from '../kernel-abi.js'
import { checksumOffsetOf, TCP, tcpHeaderLength, UDP, UDP_HEADER_BYTES } from './transport-header.js'

/**
 * Why a packet cannot be cut; all below 0.
 *
 * - `outside`: there is no such packet, or its descriptor points outside the slab.
 * - `length`: a header, or a length that one states, does not fit the packet.
 * - `fragment`: an IP fragment.
 * - `protocol`: not of the IP version or transport protocol that its segment type says.
 * - `gsoType`: a segment type that is not cut here: UDP to be fragmented, or an unknown one.
 * - `gsoSize`: 0, or wider than its field.
 * - `checksum`: start and offset are not those of the packet's checksum.
 */
export const MALFORMED = {
  outside: -1,
  length: -2,
  fragment: -3,
  protocol: -4,
  gsoType: -5,
  gsoSize: -6,
  checksum: -7,
} as const

/** What cutting needs to know of a packet. Offsets count from the beginning of the slab. */
export interface SegmentLayout {
  offset: number
  length: number
  /** Whether it is a super-packet; only then are the fields from `version` on filled in. */
  isSuper: boolean
  /** The checksum is unfinished. Where it is and what it covers is in the descriptor, and for a super-packet here. */
  isPartial: boolean
  version: number
  protocol: number
  gsoSize: number
  transport: number
  payload: number
  payloadLength: number
  /** First bytes of the addresses of the pseudo-header. */
  source: number
  destination: number
}

export function createSegmentLayout(): SegmentLayout {
  return {
    offset: 0,
    length: 0,
    isSuper: false,
    isPartial: false,
    version: 0,
    protocol: 0,
    gsoSize: 0,
    transport: 0,
    payload: 0,
    payloadLength: 0,
    source: 0,
    destination: 0,
  }
}

const location = createTransportLocation()

/**
 * Fills in the layout of packet `index` and returns how many packets it becomes, or a reason of {@link MALFORMED}.
 *
 * The header length of the descriptor is not looked at: of a packet that was forwarded it may cover the whole first segment. Nothing
 * is believed before it was compared with the slab.
 */
export function readSegmentLayout(layout: SegmentLayout, batch: PacketBatch, index: number): number {
  const { descriptors, slab } = batch
  if (index >>> 0 !== index || index >= batch.count || index >= batch.capacity) return MALFORMED.outside
  const words = index * DESCRIPTOR_WORDS
  const offset = descriptors[words + DESCRIPTOR.offset]!
  const length = descriptors[words + DESCRIPTOR.length]!
  if (length === 0) return 0
  if (offset < 0 || length < 0 || length > MAX_PACKET_BYTES || offset + length > slab.length) {
    return MALFORMED.outside
  }
  layout.offset = offset
  layout.length = length
  layout.isPartial = (descriptors[words + DESCRIPTOR.flags]! & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0
  layout.isSuper = descriptors[words + DESCRIPTOR.gsoType]! !== VIRTIO_NET_HDR_GSO_NONE
  return layout.isSuper ? readSuper(layout, batch, words) : checkOrdinary(layout, descriptors, words)
}

function checkOrdinary(layout: SegmentLayout, descriptors: Int32Array, words: number): number {
  if (!layout.isPartial) return 1
  const start = descriptors[words + DESCRIPTOR.checksumStart]!
  const offset = descriptors[words + DESCRIPTOR.checksumOffset]!
  return start < 0 || offset < 0 || start + offset + 2 > layout.length ? MALFORMED.checksum : 1
}

function readSuper(layout: SegmentLayout, batch: PacketBatch, words: number): number {
  const { descriptors, view } = batch
  const { offset, length } = layout
  const gsoType = descriptors[words + DESCRIPTOR.gsoType]!
  const version = versionOf(gsoType, view.getUint8(offset) >>> 4)
  if (version === 0) return MALFORMED.gsoType
  const gsoSize = descriptors[words + DESCRIPTOR.gsoSize]!
  if (gsoSize <= 0 || gsoSize > 0xffff) return MALFORMED.gsoSize

  const verdict = locateTransport(location, view, offset, length, false)
  if (verdict === CHECKSUM.fragment) return MALFORMED.fragment
  if (verdict === CHECKSUM.unsupported) return MALFORMED.protocol
  if (verdict !== 0) return MALFORMED.length
  const protocol = gsoType === VIRTIO_NET_HDR_GSO_UDP_L4 ? UDP : TCP
  if (location.version !== version || location.protocol !== protocol) return MALFORMED.protocol
  // Bytes behind the end would have to go with one of the segments.
  if (location.end !== offset + length) return MALFORMED.length
  const transport = location.start
  const transportHeader = protocol === TCP ? tcpHeaderLength(view, transport) : UDP_HEADER_BYTES
  if (transportHeader < 0 || transport + transportHeader > location.end) return MALFORMED.length
  if (
    layout.isPartial &&
    (descriptors[words + DESCRIPTOR.checksumStart] !== transport - offset ||
      descriptors[words + DESCRIPTOR.checksumOffset] !== checksumOffsetOf(protocol))
  ) {
    return MALFORMED.checksum
  }
  layout.version = version
  layout.protocol = protocol
  layout.gsoSize = gsoSize
  layout.transport = transport
  layout.payload = transport + transportHeader
  layout.payloadLength = location.end - layout.payload
  layout.source = location.source
  layout.destination = location.destination
  return Math.max(1, Math.ceil(layout.payloadLength / gsoSize))
}

/** The IP version that a segment type needs, which for UDP is the packet's own; 0 for a type that is not cut. */
function versionOf(gsoType: number, own: number): number {
  switch (gsoType) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
    case VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN:
      return 4
    case VIRTIO_NET_HDR_GSO_TCPV6:
    case VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN:
      return 6
    case VIRTIO_NET_HDR_GSO_UDP_L4:
      return own
    default:
      return 0
  }
}
