import { DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import type { PacketBatch } from '../batch/packet-batch.js'
import { requireInteger } from '../errors/invalid-argument.js'
import { VIRTIO_HEADER_BYTES } from '../kernel-abi.js'
import type { MergePlan } from './merge-plan.js'
import { OUTPUT, OUTPUT_WORDS, PIECE, PIECE_WORDS } from './plan-words.js'
import { readVirtioHeader } from './virtio-header.js'

/**
 * Copies an output of the plan to the beginning of `target` as one packet without virtio header, and returns its length; -1 if it does
 * not fit, or if a piece of it lies outside the slab. 65,535 bytes are enough for every output of `planMerge`.
 *
 * For those who do not gather. Allocates a view for each piece.
 *
 * @throws RangeError `ERR_INVALID_ARG_VALUE` for an output that is not in the plan
 */
export function copyOutput(plan: MergePlan, batch: PacketBatch, output: number, target: Uint8Array): number {
  requireInteger('output', output, 0, plan.count - 1)
  const { headers, outputs, pieces, capacity } = plan
  const words = output * OUTPUT_WORDS
  const header = outputs[words + OUTPUT.header]! + VIRTIO_HEADER_BYTES
  let length = outputs[words + OUTPUT.headerLength]! - VIRTIO_HEADER_BYTES
  if (header < 0 || length < 0 || header + length > headers.length || length > target.length) return -1
  target.set(headers.subarray(header, header + length))
  let left = capacity
  for (let piece = outputs[words + OUTPUT.piece]!; piece !== -1; left -= 1) {
    if (piece < 0 || piece >= capacity || left === 0) return -1
    const offset = pieces[piece * PIECE_WORDS + PIECE.offset]!
    const bytes = pieces[piece * PIECE_WORDS + PIECE.length]!
    if (offset < 0 || bytes < 0 || offset + bytes > batch.slab.length || length + bytes > target.length)
      return -1
    target.set(batch.slab.subarray(offset, offset + bytes), length)
    length += bytes
    piece = pieces[piece * PIECE_WORDS + PIECE.next]!
  }
  return length
}

/**
 * Fills the virtio words of descriptor `index` with those of an output; its other words stay. With {@link copyOutput} that makes an output a
 * packet of another batch.
 *
 * @throws RangeError `ERR_INVALID_ARG_VALUE` for an output that is not in the plan, or a descriptor that does not exist
 */
export function describeOutput(
  plan: MergePlan,
  output: number,
  descriptors: Int32Array,
  index: number,
): void {
  requireInteger('output', output, 0, plan.count - 1)
  requireInteger('index', index, 0, Math.floor(descriptors.length / DESCRIPTOR_WORDS) - 1)
  const header = plan.outputs[output * OUTPUT_WORDS + OUTPUT.header]!
  readVirtioHeader(plan.view, header, descriptors, index * DESCRIPTOR_WORDS)
}
