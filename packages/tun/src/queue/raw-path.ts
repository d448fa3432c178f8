import { DESCRIPTOR, DESCRIPTOR_WORDS, VIRTIO_NET_HDR_F_NEEDS_CSUM } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { segmentCount, splitPacket } from '../offload/split.js'
import { type OffloadSwitch, protocolOfGso } from './offload-switch.js'
import { PlainPath } from './plain-path.js'
import type { QueueDriver } from './queue-driver.js'
import { refuseMalformed } from './refused-packet.js'
import { TUN_COUNTER } from './tun-counter.js'

/** A super-packet of which the first segments are out. */
interface Rest {
  readonly version: number
  readonly index: number
  readonly segment: number
}

/** In include/linux/skbuff.h. */
const GSO_BY_FRAGS = 0xffff
const MAX_DATAGRAMS = 64
const SEGMENTS_PER_CALL = 64
const SEGMENT_SLAB_BYTES = 1 << 18

/** Super-packets pass whole with their virtio words; one that the kernel refuses is sent as its segments. */
export class RawPath extends PlainPath {
  readonly #driver: QueueDriver
  readonly #offload: OffloadSwitch
  readonly #counters: Float64Array
  #segments: PacketBatch | undefined
  /** One for each batch that waits: a queue may have several writers. */
  readonly #rests = new Map<PacketBatch, Rest>()

  constructor(driver: QueueDriver, offload: OffloadSwitch, counters: Float64Array) {
    super(driver)
    this.#driver = driver
    this.#offload = offload
    this.#counters = counters
  }

  override get inHand(): number {
    return this.#rests.size
  }

  override write(batch: PacketBatch, from: number): number {
    let next = from
    let segment = this.#rests.size === 0 ? 0 : this.#takeRest(batch, from)
    while (next < batch.count) {
      if (segment === 0) {
        const end = this.#nextToCut(batch, next)
        next = this.#driver.writeBatch(batch.slab, batch.descriptors, next, end)
        if (next < 0 || next === batch.count) return next
        const isRefused = statusOf(batch, next) !== 0
        if (next < end && !isRefused) return next
      }
      if (!this.#sendSegments(batch, next, segment)) return next
      segment = 0
      next += 1
    }
    return next
  }

  /** The next super-packet of a protocol that the kernel has refused, or the end of the batch. */
  #nextToCut(batch: PacketBatch, from: number): number {
    const { descriptors, count } = batch
    if (!this.#offload.isRefused('tcp') && !this.#offload.isRefused('udp')) return count
    for (let index = from; index < count; index += 1) {
      const words = index * DESCRIPTOR_WORDS
      const protocol = protocolOfGso(descriptors[words + DESCRIPTOR.gsoType]!)
      const isThere = descriptors[words + DESCRIPTOR.length] !== 0
      if (isThere && protocol !== undefined && this.#offload.isRefused(protocol)) return index
    }
    return count
  }

  /** False when the driver takes no more for now. */
  #sendSegments(batch: PacketBatch, index: number, first: number): boolean {
    const status = index * DESCRIPTOR_WORDS + DESCRIPTOR.status
    const total = segmentCount(batch, index)
    if (total < 0) {
      refuseMalformed(batch, index, this.#counters)
      return true
    }
    this.#segments ??= new PacketBatch({ packets: SEGMENTS_PER_CALL, slabBytes: SEGMENT_SLAB_BYTES })
    const segments = this.#segments
    let isTaken = first > 0
    for (let segment = first; segment < total; ) {
      segments.clear()
      const count = splitPacket(batch, index, segment, segments)
      const written = this.#driver.writeBatch(segments.slab, segments.descriptors, 0, count)
      for (let i = 0; i < written; i += 1) {
        batch.descriptors[status] = statusOf(segments, i)
        isTaken ||= statusOf(segments, i) === 0
      }
      segment += written
      if (written < count) {
        this.#keepRest(batch, index, segment)
        batch.descriptors[status] = 0
        return false
      }
    }
    if (isTaken) {
      batch.descriptors[status] = 0
      this.#counters[TUN_COUNTER.fallbacks]! += 1
      if (isDescribedWell(batch, index)) {
        this.#offload.refuse(
          protocolOfGso(batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.gsoType]!)!,
        )
      }
    }
    return true
  }

  /** The segment to go on with at `from`; 0 if there is none. A rest that the caller gave up is counted. */
  #takeRest(batch: PacketBatch, from: number): number {
    const rest = this.#rests.get(batch)
    if (rest === undefined) return 0
    this.#rests.delete(batch)
    if (rest.version === batch.version && rest.index === from) return rest.segment
    this.#counters[TUN_COUNTER.dropAbandoned]! += 1
    return 0
  }

  #keepRest(batch: PacketBatch, index: number, segment: number): void {
    for (const [other, { version }] of this.#rests) {
      if (version === other.version) continue
      this.#rests.delete(other)
      this.#counters[TUN_COUNTER.dropAbandoned]! += 1
    }
    this.#rests.set(batch, { version: batch.version, index, segment })
  }
}

/**
 * Whether a healthy kernel would have taken the super-packet, so that refusing it says something of the kernel. What cutting does not mind,
 * every kernel may: a header that ends behind the packet, a complete checksum, the size that stands for "by fragments", more datagrams than
 * UDP_MAX_SEGMENTS was at first.
 */
function isDescribedWell(batch: PacketBatch, index: number): boolean {
  const { descriptors } = batch
  const words = index * DESCRIPTOR_WORDS
  return (
    (descriptors[words + DESCRIPTOR.flags]! & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0 &&
    descriptors[words + DESCRIPTOR.headerLength]! <= descriptors[words + DESCRIPTOR.length]! &&
    descriptors[words + DESCRIPTOR.gsoSize]! !== GSO_BY_FRAGS &&
    (protocolOfGso(descriptors[words + DESCRIPTOR.gsoType]!) === 'tcp' ||
      segmentCount(batch, index) <= MAX_DATAGRAMS)
  )
}

function statusOf(batch: PacketBatch, index: number): number {
  return batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status]!
}
