import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import type { PacketBatch } from '../batch/packet-batch.js'
import { udpComputed } from '../checksum/udp-zero.js'
import { copyAndSum } from './copy-and-sum.js'
import { createSegmentHeader, readSegmentHeader, writeSegmentHeader } from './segment-header.js'
import { createSegmentLayout, readSegmentLayout } from './segment-layout.js'
import { type SlabWords, slabWords } from './slab-words.js'

const layout = createSegmentLayout()
const header = createSegmentHeader()

/**
 * How many packets packet `index` of the batch becomes: 1 for an ordinary one, 0 for one of length 0, or why it cannot be cut, a
 * reason of `MALFORMED` below 0. A super-packet that is no larger than one segment becomes 1.
 *
 * Reads headers only, allocates nothing, and throws for no content of descriptors or slab.
 */
export function segmentCount(batch: PacketBatch, index: number): number {
  return readSegmentLayout(layout, batch, index)
}

/**
 * Appends the packets that packet `index` of `source` becomes to `target`, from segment `firstSegment` on, until all are there or
 * `target` is full. Returns how many it appended, so that the rest can follow in a later call, or a reason of `MALFORMED`.
 *
 * What is appended has virtio words of 0 and complete checksums. Of the segments of a super-packet, as the kernel cuts them:
 *
 * - IPv4 identifications count up from that of the super-packet; lengths and both checksums are each segment's own.
 * - TCP sequence numbers go on; FIN and PSH are on the last segment only, CWR on the first; options are on each.
 * - The pseudo-header's part of the checksum comes from the packet's checksum field where that holds it (`NEEDS_CSUM`), else from
 *   the addresses.
 *
 * An ordinary packet is copied, and its checksum finished if it is not. `source` stays as it is. Costs one pass over the payload and
 * allocates nothing.
 *
 * @see net/ipv4/tcp_offload.c, net/ipv4/udp_offload.c, net/ipv4/af_inet.c (inet_gso_segment), RFC 3168 §6.1.2
 */
export function splitPacket(
  source: PacketBatch,
  index: number,
  firstSegment: number,
  target: PacketBatch,
): number {
  const total = readSegmentLayout(layout, source, index)
  if (total < 0) return total
  if (firstSegment >>> 0 !== firstSegment || firstSegment >= total) return 0
  if (!layout.isSuper) return copyOrdinary(source, index, target)
  readSegmentHeader(header, layout, source.view)
  const from = slabWords(source.slab)
  const to = slabWords(target.slab)
  let segment = firstSegment
  while (segment < total && appendSegment(source.view, from, segment, total, target, to)) segment += 1
  return segment - firstSegment
}

function copyOrdinary(source: PacketBatch, index: number, target: PacketBatch): number {
  const { offset, length, isPartial } = layout
  const appended = target.allocate(length)
  if (appended < 0) return 0
  const at = target.descriptors[appended * DESCRIPTOR_WORDS + DESCRIPTOR.offset]!
  const from = slabWords(source.slab)
  const to = slabWords(target.slab)
  if (!isPartial) {
    copyAndSum(from, offset, to, at, length)
    return 1
  }
  const words = index * DESCRIPTOR_WORDS
  const start = source.descriptors[words + DESCRIPTOR.checksumStart]!
  const field = at + start + source.descriptors[words + DESCRIPTOR.checksumOffset]!
  copyAndSum(from, offset, to, at, start)
  const sum = copyAndSum(from, offset + start, to, at + start, length - start)
  // The same for every protocol: what a field of 0xffff covers sums up as well as with 0 (skb_checksum_help in net/core/dev.c).
  target.view.setUint16(field, udpComputed(~sum & 0xffff))
  return 1
}

/** False if the target is full. */
function appendSegment(
  source: DataView,
  from: SlabWords,
  segment: number,
  total: number,
  target: PacketBatch,
  to: SlabWords,
): boolean {
  const { offset, payload, gsoSize, payloadLength } = layout
  const headerBytes = payload - offset
  const before = segment * gsoSize
  const bytes = Math.min(gsoSize, payloadLength - before)
  const appended = target.allocate(headerBytes + bytes)
  if (appended < 0) return false
  const at = target.descriptors[appended * DESCRIPTOR_WORDS + DESCRIPTOR.offset]!
  const sum = copyAndSum(from, payload + before, to, at + headerBytes, bytes)
  const isLast = segment === total - 1
  writeSegmentHeader(header, layout, source, segment, isLast, sum, bytes, target.view, at)
  return true
}
