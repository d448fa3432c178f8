import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../../batch/descriptor.js'
import { PacketBatch } from '../../batch/packet-batch.js'
import {
  copyOutput,
  describeOutput,
  type MergePlan,
  OUTPUT,
  OUTPUT_WORDS,
  PIECE,
  PIECE_WORDS,
  splitPacket,
} from '../index.js'

/** The outputs of a plan as the packets of another batch, virtio words and all: what a driver hands to the kernel. */
export function deliverPlan(plan: MergePlan, batch: PacketBatch): PacketBatch {
  const delivered = new PacketBatch({
    packets: Math.max(plan.count, 1),
    slabBytes: batch.slab.length + plan.count * 256,
  })
  const bytes = new Uint8Array(65535)
  for (let output = 0; output < plan.count; output += 1) {
    const length = copyOutput(plan, batch, output, bytes)
    if (length <= 0) continue
    describeOutput(plan, output, delivered.descriptors, delivered.append(bytes.subarray(0, length)))
  }
  return delivered
}

/** The packets that the kernel makes of a batch. */
export function packetsOut(batch: PacketBatch): Uint8Array[] {
  const packets: Uint8Array[] = []
  const target = new PacketBatch({ packets: 64, slabBytes: 1 << 18 })
  for (let index = 0; index < batch.count; index += 1) {
    for (let segment = 0; ; ) {
      target.clear()
      const count = splitPacket(batch, index, segment, target)
      for (let i = 0; i < count; i += 1) packets.push(target.packet(i).slice())
      if (count <= 0) break
      segment += count
    }
  }
  return packets
}

/** The packets of each output by their index in the batch, such as `[[0, 2], [1]]`. */
export function chainsOf(plan: MergePlan): number[][] {
  return Array.from({ length: plan.count }, (_, output) => {
    const chain: number[] = []
    for (let piece = plan.outputs[output * OUTPUT_WORDS + OUTPUT.piece]!; piece !== -1; ) {
      chain.push(piece)
      piece = plan.pieces[piece * PIECE_WORDS + PIECE.next]!
    }
    return chain
  })
}

/** A batch of these packets. */
export function batchOf(packets: readonly Uint8Array[]): PacketBatch {
  const slabBytes = packets.reduce((bytes, packet) => bytes + packet.length + 128, 0)
  const batch = new PacketBatch({ packets: Math.max(packets.length, 1), slabBytes: slabBytes + 65_600 })
  for (const packet of packets) batch.append(packet)
  return batch
}

/** The virtio words of a packet. */
export function virtioWords(batch: PacketBatch, index: number): number[] {
  const words = index * DESCRIPTOR_WORDS
  return [...batch.descriptors.subarray(words + DESCRIPTOR.flags, words + DESCRIPTOR.status)]
}
