import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { MergePlan } from '../offload/merge-plan.js'
import { planMerge } from '../offload/plan-merge.js'
import { OUTPUT, OUTPUT_WORDS, PIECE, PIECE_WORDS } from '../offload/plan-words.js'
import { segmentCount, splitPacket } from '../offload/split.js'
import { type OffloadSwitch, protocolOfGso } from './offload-switch.js'
import type { PacketPath } from './packet-path.js'
import type { QueueDriver } from './queue-driver.js'
import { EINVAL, refuseMalformed } from './refused-packet.js'
import { TUN_COUNTER } from './tun-counter.js'

const STAGED_PACKETS = 64
const STAGED_SLAB_BYTES = 1 << 19

/**
 * Super-packets between the driver and here, packets of at most the MTU between here and the caller.
 *
 * What is read is cut into the caller's batch; a super-packet that does not fit any more is gone on with in the next
 * call. What is written is merged by a plan and gathered by the driver from where it lies; the batch stays as it is, so
 * a super-packet that the kernel refuses is sent as the packets it was made of.
 */
export class SplitPath implements PacketPath {
  readonly #driver: QueueDriver
  readonly #offload: OffloadSwitch
  readonly #counters: Float64Array
  readonly #staged = new PacketBatch({ packets: STAGED_PACKETS, slabBytes: STAGED_SLAB_BYTES })
  #next = 0
  #segment = 0
  #plan: MergePlan | undefined

  constructor(driver: QueueDriver, offload: OffloadSwitch, counters: Float64Array) {
    this.#driver = driver
    this.#offload = offload
    this.#counters = counters
  }

  get hasPending(): boolean {
    return this.#next < this.#staged.count
  }

  get inHand(): number {
    return this.#staged.count - this.#next
  }

  read(batch: PacketBatch): number {
    // One that was transferred away would look full for ever.
    if (batch.slab.length === 0) return -EINVAL
    batch.clear()
    while (this.#unstage(batch)) {
      const { slab, descriptors, headroom, tailroom } = this.#staged
      const count = this.#driver.readBatch(slab, descriptors, headroom, tailroom)
      this.#next = 0
      this.#staged.adopt(Math.max(count, 0))
      // A failed read is met again by the next call, when the batch has gone out.
      if (count <= 0) return batch.count > 0 ? batch.count : count
    }
    return batch.count
  }

  write(batch: PacketBatch, from: number): number {
    const { slab, descriptors } = batch
    const plan = this.#planFor(batch)
    planMerge(plan, batch, from, this.#offload.writes('tcp'), this.#offload.writes('udp'))
    const { headers, outputs, pieces, count } = plan
    for (let output = 0; output < count; output += 1) {
      const stopped = this.#driver.writeGathered(slab, headers, outputs, pieces, output, count)
      if (stopped < 0) return stopped
      this.#settle(plan, descriptors, output, stopped)
      output = stopped
      if (output === count) break
      const isFull = outputs[output * OUTPUT_WORDS + OUTPUT.status] === 0
      const stoppedPiece = isFull ? firstPiece(plan, output) : this.#sendUnmerged(batch, plan, output)
      if (stoppedPiece >= 0) return resumeAt(plan, descriptors, output, stoppedPiece)
    }
    return batch.count
  }

  /** Cuts what is staged into the batch; false when the batch is full before the end of it. */
  #unstage(batch: PacketBatch): boolean {
    const staged = this.#staged
    for (; this.#next < staged.count; this.#next += 1) {
      const total = segmentCount(staged, this.#next)
      if (total < 0) {
        this.#counters[TUN_COUNTER.dropMalformedIn]! += 1
        continue
      }
      const count = splitPacket(staged, this.#next, this.#segment, batch)
      if (total > 1) this.#counters[TUN_COUNTER.segmentsIn]! += count
      this.#segment += count
      if (this.#segment < total) return false
      this.#segment = 0
    }
    return batch.count < batch.capacity
  }

  #planFor(batch: PacketBatch): MergePlan {
    if (this.#plan === undefined || this.#plan.capacity < batch.capacity) {
      this.#plan = new MergePlan({ packets: batch.capacity })
    }
    return this.#plan
  }

  /** Gives the packets of the outputs `from`..`to - 1` the status of what they left in. */
  #settle(plan: MergePlan, descriptors: Int32Array, from: number, to: number): void {
    for (let output = from; output < to; output += 1) {
      const words = output * OUTPUT_WORDS
      const status = plan.outputs[words + OUTPUT.status]!
      let packets = 0
      for (let piece = firstPiece(plan, output); piece >= 0; piece = nextPiece(plan, piece)) {
        descriptors[piece * DESCRIPTOR_WORDS + DESCRIPTOR.status] = status
        packets += 1
      }
      if (packets > 1 && status === 0) this.#counters[TUN_COUNTER.mergedOut]! += packets
    }
  }

  /** Sends the packets of a refused super-packet one by one; the index at which the driver is full, or -1. */
  #sendUnmerged(batch: PacketBatch, plan: MergePlan, output: number): number {
    const { slab, descriptors } = batch
    let isTaken = false
    for (let piece = firstPiece(plan, output); piece >= 0; piece = nextPiece(plan, piece)) {
      const isStopped = this.#driver.writeBatch(slab, descriptors, piece, piece + 1) === piece
      const status = descriptors[piece * DESCRIPTOR_WORDS + DESCRIPTOR.status]
      if (isStopped && status === 0) return piece
      // A packet that came with virtio words of its own, which the kernel refuses.
      if (isStopped) refuseMalformed(batch, piece, this.#counters)
      isTaken ||= status === 0
    }
    if (isTaken) {
      this.#counters[TUN_COUNTER.fallbacks]! += 1
      this.#offload.refuse(protocolOf(plan, output)!)
    }
    return -1
  }
}

function protocolOf(plan: MergePlan, output: number): 'tcp' | 'udp' | undefined {
  const header = plan.outputs[output * OUTPUT_WORDS + OUTPUT.header]!
  return protocolOfGso(plan.headers[header + 1]!)
}

function firstPiece(plan: MergePlan, output: number): number {
  return plan.outputs[output * OUTPUT_WORDS + OUTPUT.piece]!
}

function nextPiece(plan: MergePlan, piece: number): number {
  return plan.pieces[piece * PIECE_WORDS + PIECE.next]!
}

/**
 * The first packet that is not out, when writing stopped at a piece of an output. Packets behind it that left with an earlier output
 * get the length 0, so that they are not written again.
 */
function resumeAt(plan: MergePlan, descriptors: Int32Array, output: number, stoppedPiece: number): number {
  const following = output + 1 < plan.count ? firstPiece(plan, output + 1) : stoppedPiece
  const next = Math.min(stoppedPiece, following)
  for (let earlier = 0; earlier <= output; earlier += 1) {
    for (let piece = firstPiece(plan, earlier); piece >= 0; piece = nextPiece(plan, piece)) {
      if (earlier === output && piece >= stoppedPiece) break
      if (piece > next) descriptors[piece * DESCRIPTOR_WORDS + DESCRIPTOR.length] = 0
    }
  }
  return next
}
