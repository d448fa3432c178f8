import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'

/**
 * Packets in flight, in memory that is there from the beginning: a ring of descriptors, and one of bytes in which each packet lies in one
 * piece. Nothing is allocated for a packet.
 */
export class PacketRing {
  /** The bytes. */
  readonly view: DataView
  /** Laid out as those of a batch. */
  readonly descriptors: Int32Array
  count = 0
  readonly #capacity: number
  readonly #largest: number
  #first = 0
  #end = 0

  /** Holds `capacity` packets, and of `largest` bytes as many as `bytes` have room for, but one. */
  constructor(capacity: number, largest: number, bytes: number) {
    this.view = new DataView(new ArrayBuffer(bytes))
    this.descriptors = new Int32Array(capacity * DESCRIPTOR_WORDS)
    this.#capacity = capacity
    this.#largest = largest
  }

  /** Whether any packet would be taken. */
  get hasRoom(): boolean {
    return this.reserve(this.#largest) >= 0
  }

  /** Words of the oldest packet. */
  get firstWords(): number {
    return this.#first * DESCRIPTOR_WORDS
  }

  /** Where a packet of that length would lie, -1 if there is no room for it. Takes nothing yet. */
  reserve(length: number): number {
    if (this.count === this.#capacity) return -1
    if (this.count === 0) return length <= this.view.byteLength ? 0 : -1
    const start = this.descriptors[this.firstWords + DESCRIPTOR.offset]!
    // From the oldest packet up to the newest, or from the oldest round the end to the newest.
    if (this.#end <= start) return length <= start - this.#end ? this.#end : -1
    if (length <= this.view.byteLength - this.#end) return this.#end
    return length <= start ? 0 : -1
  }

  /** Takes what was written to a reserved place; returns the words of the packet, of which the virtio words are the caller's to set. */
  commit(offset: number, length: number): number {
    const words = ((this.#first + this.count) % this.#capacity) * DESCRIPTOR_WORDS
    this.descriptors[words + DESCRIPTOR.offset] = offset
    this.descriptors[words + DESCRIPTOR.length] = length
    this.#end = offset + length
    this.count += 1
    return words
  }

  /** Forgets the oldest packet. */
  shift(): void {
    this.#first = (this.#first + 1) % this.#capacity
    this.count -= 1
  }
}
