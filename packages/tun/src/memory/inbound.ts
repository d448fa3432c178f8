import { copyBytes } from '../batch/copy-bytes.js'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_NONE,
} from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { segmentCount, splitPacket } from '../offload/split.js'
import { type OffloadState, protocolOfGso } from '../queue/offload-switch.js'
import { TUN_COUNTER } from '../queue/tun-counter.js'
import type { PacketRing } from './packet-ring.js'
import { copyVirtioWords } from './virtio-words.js'

const SEGMENTS_AT_ONCE = 64

/**
 * What one side reads. Super-packets and unfinished packets that this side does not take are cut and finished on the way, as the
 * kernel does before a device; those that cannot be are dropped and counted.
 */
export class Inbound {
  /** Memory, descriptors and first word of the packet that {@link peek} found. */
  view: DataView
  descriptors: Int32Array
  words = 0
  readonly #ring: PacketRing
  readonly #offload: OffloadState
  readonly #counters: Float64Array
  #whole: PacketBatch | undefined
  #segments: PacketBatch | undefined
  #next = 0
  #segment = 0
  #total = 0

  constructor(ring: PacketRing, offload: OffloadState, counters: Float64Array) {
    this.#ring = ring
    this.#offload = offload
    this.#counters = counters
    this.view = ring.view
    this.descriptors = ring.descriptors
  }

  get hasPackets(): boolean {
    return this.#ring.count > 0 || this.#isCutting
  }

  /** Finds the next packet; false if there is none. */
  peek(): boolean {
    for (;;) {
      if (this.#isCutting) return this.#peekSegment()
      const { view, descriptors, firstWords, count } = this.#ring
      if (count === 0) return false
      if (this.#takes(descriptors, firstWords)) {
        this.view = view
        this.descriptors = descriptors
        this.words = firstWords
        return true
      }
      this.#cutFirst()
    }
  }

  /** Forgets the packet that {@link peek} found. */
  shift(): void {
    if (this.#isCutting) this.#next += 1
    else this.#ring.shift()
  }

  get #isCutting(): boolean {
    return this.#segment < this.#total || this.#next < (this.#segments?.count ?? 0)
  }

  #takes(descriptors: Int32Array, words: number): boolean {
    const isRaw = this.#offload.mode !== 'off'
    const gsoType = descriptors[words + DESCRIPTOR.gsoType]!
    if (gsoType === VIRTIO_NET_HDR_GSO_NONE) {
      return isRaw || (descriptors[words + DESCRIPTOR.flags]! & VIRTIO_NET_HDR_F_NEEDS_CSUM) === 0
    }
    const protocol = protocolOfGso(gsoType)
    return isRaw && protocol !== undefined && this.#offload[protocol] !== 'off'
  }

  #cutFirst(): void {
    this.#whole ??= new PacketBatch({ packets: 1, slabBytes: 1 << 17 })
    this.#segments ??= new PacketBatch({ packets: SEGMENTS_AT_ONCE, slabBytes: 1 << 18 })
    const { view, descriptors, firstWords } = this.#ring
    const whole = this.#whole
    const length = descriptors[firstWords + DESCRIPTOR.length]!
    whole.clear()
    whole.allocate(length)
    copyBytes(
      view,
      descriptors[firstWords + DESCRIPTOR.offset]!,
      whole.view,
      whole.descriptors[DESCRIPTOR.offset]!,
      length,
    )
    copyVirtioWords(descriptors, firstWords, whole.descriptors, 0)
    this.#ring.shift()
    this.#segments.clear()
    this.#next = 0
    this.#segment = 0
    this.#total = Math.max(segmentCount(whole, 0), 0)
    if (this.#total === 0) this.#counters[TUN_COUNTER.dropMalformedIn]! += 1
  }

  #peekSegment(): boolean {
    const segments = this.#segments!
    if (this.#next === segments.count) {
      segments.clear()
      this.#segment += splitPacket(this.#whole!, 0, this.#segment, segments)
      this.#next = 0
    }
    this.view = segments.view
    this.descriptors = segments.descriptors
    this.words = this.#next * DESCRIPTOR_WORDS
    return true
  }
}
