import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import type { PacketBatch } from '../batch/packet-batch.js'
import { requireInteger } from '../errors/invalid-argument.js'
import { MAX_PACKET_BYTES } from '../kernel-abi.js'
import { NEW_FLOW } from './flow-table.js'
import { GROWTH, GROWTH_WORDS, type MergePlan } from './merge-plan.js'
import {
  type Candidate,
  createCandidate,
  flowKeyOffset,
  flowKeyWords,
  haveSameHeaders,
  identificationDistance,
  identificationStep,
  isIntact,
  isSameFlow,
  KIND,
  lastFlags,
  readCandidate,
} from './mergeable.js'
import { OUTPUT, OUTPUT_WORDS, PIECE, PIECE_WORDS } from './plan-words.js'
import { writeSuperHeader } from './super-header.js'
import { TCP, TCP_FIELD } from './transport-header.js'
import { writeDescribedHeader } from './virtio-header.js'

/** What the kernel's own receive offload stops at for UDP (UDP_GRO_CNT_MAX), and a super-packet of 64 KiB has fewer of 1,448 bytes. */
const MAX_SEGMENTS = 64

const candidate: Candidate = createCandidate()

/**
 * Plans packets `from` and later of the batch as outputs, super-packets where packets of one flow follow each other, and returns how
 * many there are. Packets of length 0 are left out. The batch stays as it is, and must until the outputs are written.
 *
 * `tcp` and `udp`: whether packets of the protocol are merged; default true. Merging is at least as strict as the kernel's own receive
 * offload (net/ipv4/tcp_offload.c, net/ipv4/udp_offload.c):
 *
 * - A packet joins the last output of its flow only, so that no packet overtakes another of its flow, and only what cutting restores
 *   byte for byte: the headers are the same but for lengths, checksums, sequence, FIN and PSH. The one exception is the identification of
 *   IPv4 packets with DF, which may also be the same for all; it means nothing then (RFC 6864).
 * - TCP: data with ACK, without SYN, RST, URG or CWR, that goes on where the last ended. FIN, PSH or a shorter segment end the output.
 * - UDP: datagrams of one length with a checksum; a shorter one ends the output.
 * - IPv4 options, IPv6 extension headers and fragments are never merged, and nothing is merged across them.
 * - At most 64 packets and 65,535 bytes.
 * - Both checksums of every packet that is merged are verified; one that is wrong goes alone, as it is.
 *
 * A packet that has virtio words of its own goes alone and keeps them. If they do not fit a virtio header, or the descriptor points outside
 * the slab, its output is one that the driver refuses.
 *
 * Costs one pass over the packets that are merged, and allocates nothing.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` if the batch has more packets than the plan has room
 *   for, or `from` is not within 0..count
 */
export function planMerge(plan: MergePlan, batch: PacketBatch, from = 0, tcp = true, udp = true): number {
  requireInteger('batch.count', batch.count, 0, Math.min(plan.capacity, batch.capacity))
  requireInteger('from', from, 0, batch.count)
  plan.clear()
  for (let packet = from; packet < batch.count; packet += 1) {
    if (batch.descriptors[packet * DESCRIPTOR_WORDS + DESCRIPTOR.length] !== 0)
      addPacket(plan, batch, packet, tcp, udp)
  }
  for (let output = 0; output < plan.count; output += 1) {
    if (plan.growth[output * GROWTH_WORDS + GROWTH.packets]! > 1) finishSuper(plan, batch, output)
  }
  return plan.count
}

function addPacket(plan: MergePlan, batch: PacketBatch, packet: number, tcp: boolean, udp: boolean): void {
  const { descriptors, view, slab } = batch
  const words = packet * DESCRIPTOR_WORDS
  const offset = descriptors[words + DESCRIPTOR.offset]!
  const length = descriptors[words + DESCRIPTOR.length]!
  if (offset < 0 || length < 0 || length > MAX_PACKET_BYTES || offset + length > slab.length) {
    plan.append(packet, offset, length)
    return
  }
  let kind = readCandidate(candidate, view, offset, length)
  if (kind === KIND.barrier) plan.flows.clear()
  const isTracked = kind >= KIND.closing && (candidate.protocol === TCP ? tcp : udp)
  const isDescribed =
    descriptors[words + DESCRIPTOR.flags] !== 0 || descriptors[words + DESCRIPTOR.gsoType] !== 0
  if (isDescribed) kind = KIND.closing
  const slot = isTracked ? findFlow(plan, batch) : -1
  const before = slot >= 0 ? plan.flows.get(slot) : NEW_FLOW
  if (before !== NEW_FLOW && kind === KIND.data && join(plan, batch, before, packet)) return

  const output = plan.append(packet, offset, length)
  if (isDescribed) describe(plan, batch, output, packet)
  if (slot < 0) return
  plan.flows.set(slot, output)
  if (kind === KIND.data && lastFlags(candidate) === 0) open(plan, view, output, packet)
}

/** The slot of the candidate's flow, or where it may go; -1 if there is no room. */
function findFlow(plan: MergePlan, batch: PacketBatch): number {
  const { flows, outputs } = plan
  const hash = flows.hash(batch.view, flowKeyOffset(candidate), flowKeyWords(candidate)) ^ candidate.protocol
  for (let probe = 0; ; probe += 1) {
    const slot = flows.slot(hash, probe)
    if (slot < 0) return -1
    const output = flows.get(slot)
    if (output === NEW_FLOW) return slot
    const head = outputs[output * OUTPUT_WORDS + OUTPUT.piece]!
    if (isSameFlow(batch.view, offsetOf(batch, head), candidate)) return slot
  }
}

function open(plan: MergePlan, view: DataView, output: number, packet: number): void {
  const { growth } = plan
  const { length, transport, payloadLength, headerLength, protocol } = candidate
  const words = output * GROWTH_WORDS
  growth[words + GROWTH.isOpen] = 1
  growth[words + GROWTH.last] = packet
  growth[words + GROWTH.length] = length
  growth[words + GROWTH.segmentSize] = payloadLength
  growth[words + GROWTH.headerLength] = headerLength
  growth[words + GROWTH.flags] = 0
  growth[words + GROWTH.idStep] = 0
  if (protocol === TCP)
    growth[words + GROWTH.sequence] = view.getInt32(transport + TCP_FIELD.sequence) + payloadLength
}

/** Lets the candidate join an output of its flow if it may. Of an output of one packet, that packet is verified first. */
function join(plan: MergePlan, batch: PacketBatch, output: number, packet: number): boolean {
  const { growth, outputs, pieces } = plan
  const { view } = batch
  const { offset, length, headerLength, payloadLength, transport, protocol, version } = candidate
  const words = output * GROWTH_WORDS
  const packets = growth[words + GROWTH.packets]!
  const segmentSize = growth[words + GROWTH.segmentSize]!
  const joined = growth[words + GROWTH.length]! + payloadLength
  if (growth[words + GROWTH.isOpen] === 0 || packets === MAX_SEGMENTS || joined > MAX_PACKET_BYTES)
    return false
  if (headerLength !== growth[words + GROWTH.headerLength] || payloadLength > segmentSize) return false
  if (protocol === TCP && view.getInt32(transport + TCP_FIELD.sequence) !== growth[words + GROWTH.sequence]) {
    return false
  }
  const head = outputs[output * OUTPUT_WORDS + OUTPUT.piece]!
  const headOffset = offsetOf(batch, head)
  if (!haveSameHeaders(view, headOffset, candidate)) return false
  const step =
    packets === 1 ? identificationStep(view, headOffset, candidate) : growth[words + GROWTH.idStep]!
  if (step < 0) return false
  if (version === 4 && identificationDistance(view, headOffset, offset) !== step * packets) return false
  if (packets === 1 && !isIntact(view, headOffset, growth[words + GROWTH.length]!)) return false
  if (!isIntact(view, offset, length)) return false

  if (packets === 1) {
    growth[words + GROWTH.idStep] = step
    plan.setPiece(head, headOffset + headerLength, segmentSize)
  }
  plan.setPiece(packet, offset + headerLength, payloadLength)
  pieces[growth[words + GROWTH.last]! * PIECE_WORDS + PIECE.next] = packet
  growth[words + GROWTH.packets] = packets + 1
  growth[words + GROWTH.last] = packet
  growth[words + GROWTH.length] = joined
  growth[words + GROWTH.sequence]! += payloadLength
  if (payloadLength < segmentSize || lastFlags(candidate) !== 0) growth[words + GROWTH.isOpen] = 0
  growth[words + GROWTH.flags] = lastFlags(candidate)
  return true
}

/** Writes what stands before the pieces of an output of several packets. */
function finishSuper(plan: MergePlan, batch: PacketBatch, output: number): void {
  const { growth, outputs } = plan
  const words = output * GROWTH_WORDS
  const headerLength = growth[words + GROWTH.headerLength]!
  const header = plan.ownHeader(output, headerLength)
  writeSuperHeader(
    plan.view,
    header,
    batch.view,
    offsetOf(batch, outputs[output * OUTPUT_WORDS + OUTPUT.piece]!),
    headerLength,
    growth[words + GROWTH.length]!,
    growth[words + GROWTH.segmentSize]!,
    growth[words + GROWTH.flags]!,
  )
}

/** Gives an output of one packet the packet's own virtio words. */
function describe(plan: MergePlan, batch: PacketBatch, output: number, packet: number): void {
  const header = plan.ownHeader(output, 0)
  if (writeDescribedHeader(plan.view, header, batch.descriptors, packet * DESCRIPTOR_WORDS)) return
  // Refused as malformed, as it would be by itself, rather than sent with words cut off.
  writeDescribedHeader(plan.view, header, ORDINARY, 0)
  plan.setPiece(packet, offsetOf(batch, packet), 0)
}

const ORDINARY = new Int32Array(DESCRIPTOR_WORDS)

function offsetOf(batch: PacketBatch, packet: number): number {
  return batch.descriptors[packet * DESCRIPTOR_WORDS + DESCRIPTOR.offset]!
}
