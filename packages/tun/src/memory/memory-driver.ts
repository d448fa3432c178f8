import { copyBytes, viewOf } from '../batch/copy-bytes.js'
import { DESCRIPTOR, DESCRIPTOR_WORDS, VIRTIO_NET_HDR_GSO_NONE } from '../batch/descriptor.js'
import { MAX_PACKET_BYTES, VIRTIO_HEADER_BYTES } from '../kernel-abi.js'
import { OUTPUT, OUTPUT_WORDS } from '../offload/plan-words.js'
import type { OffloadState } from '../queue/offload-switch.js'
import { type QueueDriver, READABLE, WRITABLE } from '../queue/queue-driver.js'
import { countBatchSize, TUN_COUNTER } from '../queue/tun-counter.js'
import { checkContent, checkPacket, isWhole } from './check-packet.js'
import { countDrop } from './count-drop.js'
import { EventLoopWatch } from './event-loop-watch.js'
import { copyGathered, type Gathering, gatheredLength } from './gather.js'
import { Inbound } from './inbound.js'
import { EAGAIN, EBADF, EBADMSG, EINVAL, EIO, EOPNOTSUPP } from './linux-errno.js'
import type { PacketRing } from './packet-ring.js'
import { copyVirtioWords, putVirtioHeader, takeVirtioHeader } from './virtio-words.js'

/** The boundary that the addon lays packets out on. */
const PACKET_ALIGNMENT = 64

/** What a {@link MemoryDriver} is made of. */
interface MemorySide {
  name: string
  mtu: number
  offload: OffloadState
  counters: Float64Array
  inbound: PacketRing
  outbound: PacketRing
}

/** One end of a pair of queues in memory: what it writes, its peer reads. */
export class MemoryDriver implements QueueDriver {
  readonly fd = -1
  readonly index = 0
  readonly name: string
  readonly #mtu: number
  readonly #virtio: boolean
  readonly #counters: Float64Array
  readonly #inbound: Inbound
  readonly #outbound: PacketRing
  readonly #watch = new EventLoopWatch(() => this.#holding())
  /** The virtio header of the output that is being written, as descriptor words. */
  readonly #header = new Int32Array(DESCRIPTOR_WORDS)
  #peer: MemoryDriver = this
  #closed = false

  constructor({ name, mtu, offload, counters, inbound, outbound }: MemorySide) {
    this.name = name
    this.#mtu = mtu
    this.#virtio = offload.mode !== 'off'
    this.#counters = counters
    this.#inbound = new Inbound(inbound, offload, counters)
    this.#outbound = outbound
  }

  /** Joins both ends of a pair. */
  static connect(one: MemoryDriver, other: MemoryDriver): void {
    one.#peer = other
    other.#peer = one
  }

  readBatch(slab: Uint8Array, descriptors: Int32Array, headroom: number, tailroom: number): number {
    const counters = this.#counters
    if (this.#closed) {
      counters[TUN_COUNTER.readErrors]! += 1
      return -EBADF
    }
    const headerBytes = this.#virtio ? VIRTIO_HEADER_BYTES : 0
    const capacity = Math.floor(descriptors.length / DESCRIPTOR_WORDS)
    const lastOffset = slab.length - MAX_PACKET_BYTES - tailroom
    let offset = align(headroom)
    if (headroom < headerBytes || capacity === 0 || offset > lastOffset) return -EINVAL
    const view = viewOf(slab)
    const inbound = this.#inbound
    let bytes = 0
    let count = 0
    for (; count < capacity && offset <= lastOffset; count += 1) {
      if (!inbound.peek()) {
        counters[TUN_COUNTER.readAgain]! += 1
        break
      }
      const source = inbound.words
      const words = count * DESCRIPTOR_WORDS
      const length = inbound.descriptors[source + DESCRIPTOR.length]!
      copyBytes(inbound.view, inbound.descriptors[source + DESCRIPTOR.offset]!, view, offset, length)
      copyVirtioWords(inbound.descriptors, source, descriptors, words)
      descriptors[words + DESCRIPTOR.offset] = offset
      descriptors[words + DESCRIPTOR.length] = length
      descriptors[words + DESCRIPTOR.status] = 0
      descriptors[words + DESCRIPTOR.user] = 0
      if (this.#virtio) putVirtioHeader(descriptors, words, view, offset - headerBytes)
      if (descriptors[words + DESCRIPTOR.gsoType] !== VIRTIO_NET_HDR_GSO_NONE) {
        counters[TUN_COUNTER.superPacketsIn]! += 1
      }
      inbound.shift()
      bytes += length
      offset = align(offset + length + tailroom + headroom)
    }
    // Even if nothing was read: what could not be cut is out of the queue too.
    this.#peer.#watch.wake()
    if (count === 0) return 0
    counters[TUN_COUNTER.batchesIn]! += 1
    counters[TUN_COUNTER.packetsIn]! += count
    counters[TUN_COUNTER.bytesIn]! += bytes
    countBatchSize(counters, TUN_COUNTER.batchSizesIn, count)
    return count
  }

  writeBatch(slab: Uint8Array, descriptors: Int32Array, from: number, count: number): number {
    if (count > Math.floor(descriptors.length / DESCRIPTOR_WORDS)) return -EINVAL
    const view = viewOf(slab)
    const before = this.#counters[TUN_COUNTER.packetsOut]!
    let index = from
    for (; index < count; index += 1) {
      const words = index * DESCRIPTOR_WORDS
      descriptors[words + DESCRIPTOR.status] = 0
      if (descriptors[words + DESCRIPTOR.length] === 0) continue
      const error = this.#writePacket(view, descriptors, words)
      if (error === 0) continue
      if (error === EAGAIN) {
        this.#counters[TUN_COUNTER.writeAgain]! += 1
        break
      }
      descriptors[words + DESCRIPTOR.status] = error
      if (error === EINVAL && descriptors[words + DESCRIPTOR.gsoType] !== VIRTIO_NET_HDR_GSO_NONE) break
      countDrop(this.#counters, error)
    }
    this.#countBatch(before)
    return index
  }

  writeGathered(
    slab: Uint8Array,
    headers: Uint8Array,
    outputs: Int32Array,
    pieces: Int32Array,
    from: number,
    count: number,
  ): number {
    if (!this.#virtio) return -EOPNOTSUPP
    if (count > Math.floor(outputs.length / OUTPUT_WORDS)) return -EINVAL
    const plan = { slab: viewOf(slab), headers: viewOf(headers), outputs, pieces }
    const before = this.#counters[TUN_COUNTER.packetsOut]!
    let index = from
    for (; index < count; index += 1) {
      const words = index * OUTPUT_WORDS
      outputs[words + OUTPUT.status] = 0
      const error = this.#writeOutput(plan, index)
      if (error === 0) continue
      if (error === EAGAIN) {
        this.#counters[TUN_COUNTER.writeAgain]! += 1
        break
      }
      outputs[words + OUTPUT.status] = error
      if (error === EINVAL && this.#header[DESCRIPTOR.gsoType] !== VIRTIO_NET_HDR_GSO_NONE) break
      countDrop(this.#counters, error)
    }
    this.#countBatch(before)
    return index
  }

  startPolling(events: number, callback: (events: number) => void): number {
    if (this.#closed) return -EBADF
    this.#watch.start(events, callback)
    return 0
  }

  stopPolling(): void {
    this.#watch.stop()
  }

  setRef(on: boolean): void {
    this.#watch.setRef(on)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.stop()
    this.#peer.#watch.wake()
  }

  // A peer that is gone refuses, and that is worth hearing too.
  #holding(): number {
    const isWritable = this.#outbound.hasRoom || this.#peer.#closed
    return (this.#inbound.hasPackets ? READABLE : 0) | (isWritable ? WRITABLE : 0)
  }

  /** 0 or an errno. */
  #writePacket(slab: DataView, descriptors: Int32Array, words: number): number {
    const error = checkPacket(slab, descriptors, words, this.#virtio, this.#mtu)
    if (error !== 0) return error
    const offset = descriptors[words + DESCRIPTOR.offset]!
    const length = descriptors[words + DESCRIPTOR.length]!
    if (this.#virtio) putVirtioHeader(descriptors, words, slab, offset - VIRTIO_HEADER_BYTES)
    const place = this.#reserve(length)
    if (place < 0) return -place
    copyBytes(slab, offset, this.#outbound.view, place, length)
    this.#commit(place, length, descriptors, words)
    return 0
  }

  /** 0 or an errno. */
  #writeOutput(plan: Gathering, output: number): number {
    const header = this.#header
    header.fill(0)
    const length = gatheredLength(plan, output)
    if (length < 0) return -length
    takeVirtioHeader(plan.headers, plan.outputs[output * OUTPUT_WORDS + OUTPUT.header]!, header, 0)
    const place = this.#reserve(length)
    if (place < 0) return -place
    const { view } = this.#outbound
    copyGathered(plan, output, view, place)
    const error = isWhole(view, place, length)
      ? checkContent(view, place, length, header, 0, this.#mtu)
      : EBADMSG
    if (error !== 0) return error
    this.#commit(place, length, header, 0)
    return 0
  }

  /** Where a packet goes, or -errno. */
  #reserve(length: number): number {
    if (this.#peer.#closed) return -EIO
    const place = this.#outbound.reserve(length)
    return place < 0 ? -EAGAIN : place
  }

  #commit(place: number, length: number, descriptors: Int32Array, words: number): void {
    const ring = this.#outbound
    copyVirtioWords(descriptors, words, ring.descriptors, ring.commit(place, length))
    this.#counters[TUN_COUNTER.packetsOut]! += 1
    this.#counters[TUN_COUNTER.bytesOut]! += length
    if (descriptors[words + DESCRIPTOR.gsoType] !== VIRTIO_NET_HDR_GSO_NONE) {
      this.#counters[TUN_COUNTER.superPacketsOut]! += 1
    }
  }

  /** `before`: the packets written before this batch. */
  #countBatch(before: number): void {
    const written = this.#counters[TUN_COUNTER.packetsOut]! - before
    if (written === 0) return
    this.#counters[TUN_COUNTER.batchesOut]! += 1
    countBatchSize(this.#counters, TUN_COUNTER.batchSizesOut, written)
    this.#peer.#watch.wake()
  }
}

function align(offset: number): number {
  return Math.ceil(offset / PACKET_ALIGNMENT) * PACKET_ALIGNMENT
}
