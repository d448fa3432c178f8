import { invalidType, requireBoolean, requireInteger } from '../errors/invalid-argument.js'
import { MAX_PACKET_BYTES, VIRTIO_HEADER_BYTES } from '../kernel-abi.js'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from './descriptor.js'

/** Cache line of every machine this runs on; the addon packs to the same boundary. */
const PACKET_ALIGNMENT = 64
const MAX_SLAB_BYTES = 0x7fff_ffc0

/** Options of {@link PacketBatch}. */
export interface PacketBatchOptions {
  /** Most packets the batch holds, and so the most one `readBatch` takes. Default 256. */
  packets?: number
  /** Bytes of the slab. Default 1 MiB: 15 super-packets of 64 KiB, or `packets` small ones with room left. */
  slabBytes?: number
  /** Bytes kept free before each packet, at least 10 (the virtio header lives in the last ten). Default 64. */
  headroom?: number
  /** Bytes kept free behind each packet. Default 0. */
  tailroom?: number
  /** Put slab and descriptors into SharedArrayBuffers. Default false. */
  shared?: boolean
}

/**
 * One preallocated slab of packets and the descriptors that say where each lies, reused for ever.
 *
 * Packets lie one after another, each on a 64-byte boundary, so small ones stay dense in the cache. A read
 * starts only when a packet of maximum size still fits. The batch you read is the batch you write: change the
 * bytes in place, change the descriptors, write. Nothing here needs Linux.
 *
 * @throws RangeError `ERR_INVALID_ARG_VALUE` if the slab could not hold one packet of maximum size
 */
export class PacketBatch {
  /** The memory the packets lie in. Yours to change between two calls. */
  readonly slab: Uint8Array
  /** The same memory, for fields wider than a byte. */
  readonly view: DataView
  /** {@link DESCRIPTOR_WORDS} words per packet, named by {@link DESCRIPTOR}. */
  readonly descriptors: Int32Array
  /** Packets in the batch. Lower it to write fewer. */
  count = 0
  /** Most packets the batch holds. */
  readonly capacity: number
  /** Bytes kept free before each packet. */
  readonly headroom: number
  /** Bytes kept free behind each packet. */
  readonly tailroom: number

  #end = 0
  /** @internal Changes whenever the packets become others. */
  version = 0

  constructor(options: PacketBatchOptions = {}) {
    const { packets = 256, slabBytes = 1 << 20, headroom = 64, tailroom = 0, shared = false } = options
    requireInteger('packets', packets, 1, 1 << 16)
    requireInteger('headroom', headroom, VIRTIO_HEADER_BYTES, 4096)
    requireInteger('tailroom', tailroom, 0, 1 << 16)
    requireInteger('slabBytes', slabBytes, align(headroom) + MAX_PACKET_BYTES + tailroom, MAX_SLAB_BYTES)
    requireBoolean('shared', shared)

    const Memory = shared ? SharedArrayBuffer : ArrayBuffer
    this.slab = new Uint8Array(new Memory(slabBytes))
    this.view = new DataView(this.slab.buffer)
    this.descriptors = new Int32Array(new Memory(packets * DESCRIPTOR_WORDS * Int32Array.BYTES_PER_ELEMENT))
    this.capacity = packets
    this.headroom = headroom
    this.tailroom = tailroom
  }

  /**
   * Copies a packet in behind the others, with virtio words of an ordinary packet, and returns its index, or
   * -1 when the descriptors or the slab are used up.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE` for a packet of 0 or more than 65535 bytes
   */
  append(packet: Uint8Array): number {
    if (!(packet instanceof Uint8Array)) throw invalidType('packet', 'a Uint8Array', packet)
    const index = this.allocate(packet.length)
    if (index >= 0) this.slab.set(packet, this.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.offset]!)
    return index
  }

  /**
   * Makes room for a packet behind the others, with virtio words of an ordinary packet, and returns its index,
   * or -1 when the descriptors or the slab are used up. The bytes are whatever was there.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE` for a length of 0 or more than 65535 bytes
   */
  allocate(length: number): number {
    requireInteger('packet.length', length, 1, MAX_PACKET_BYTES)
    const offset = align((this.count === 0 ? 0 : this.#end) + this.headroom)
    const end = offset + length + this.tailroom
    if (this.count >= this.capacity || end > this.slab.length) return -1
    const index = this.count
    const words = index * DESCRIPTOR_WORDS
    const { descriptors } = this
    descriptors[words + DESCRIPTOR.offset] = offset
    descriptors[words + DESCRIPTOR.length] = length
    // Word by word: fill() costs more than all of this.
    descriptors[words + DESCRIPTOR.flags] = 0
    descriptors[words + DESCRIPTOR.gsoType] = 0
    descriptors[words + DESCRIPTOR.headerLength] = 0
    descriptors[words + DESCRIPTOR.gsoSize] = 0
    descriptors[words + DESCRIPTOR.checksumStart] = 0
    descriptors[words + DESCRIPTOR.checksumOffset] = 0
    descriptors[words + DESCRIPTOR.status] = 0
    descriptors[words + DESCRIPTOR.user] = 0
    this.#end = end
    this.count = index + 1
    return index
  }

  /**
   * The bytes of one packet, as a view of the slab. Allocates: for tests and tools, not for loops.
   *
   * @throws RangeError `ERR_INVALID_ARG_VALUE` for an index outside 0..count-1
   */
  packet(index: number): Uint8Array {
    requireInteger('index', index, 0, this.count - 1)
    const words = index * DESCRIPTOR_WORDS
    const offset = this.descriptors[words + DESCRIPTOR.offset]!
    return this.slab.subarray(offset, offset + this.descriptors[words + DESCRIPTOR.length]!)
  }

  /** Forgets all packets. The slab keeps its bytes. */
  clear(): void {
    this.version += 1
    this.count = 0
    this.#end = 0
  }

  /** @internal Takes over `count` packets that the addon just laid out from the beginning of the slab. */
  adopt(count: number): void {
    this.version += 1
    this.count = count
    if (count === 0) return
    const words = (count - 1) * DESCRIPTOR_WORDS
    const offset = this.descriptors[words + DESCRIPTOR.offset]!
    this.#end = offset + this.descriptors[words + DESCRIPTOR.length]! + this.tailroom
  }
}

function align(offset: number): number {
  return (offset + PACKET_ALIGNMENT - 1) & -PACKET_ALIGNMENT
}
