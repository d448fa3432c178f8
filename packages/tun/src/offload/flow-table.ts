/** Slots looked at before a flow is given up: what an attacker who picks ports can make a look-up cost. */
const MAX_PROBES = 16

const SLOT_WORDS = 2
const GENERATION = 0
const OUTPUT = 1

/** A flow that was not met since the table was cleared. */
export const NEW_FLOW = -1

/**
 * The last output of each flow of a batch: an open-addressing table in one Int32Array. Slots are stamped with a generation, so that
 * clearing is counting up, and nothing is allocated after the beginning. Keys are not kept: whoever looks up compares with the packet
 * that the output begins with.
 */
export class FlowTable {
  readonly #slots: Int32Array
  readonly #mask: number
  // Hashes of two processes differ, so nobody can prepare flows that collide.
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0
  #generation = 0

  constructor(flows: number) {
    const slots = 2 ** Math.ceil(Math.log2(flows * 2))
    this.#slots = new Int32Array(slots * SLOT_WORDS)
    this.#mask = slots - 1
  }

  clear(): void {
    this.#generation = (this.#generation + 1) | 0
    if (this.#generation !== 0) return
    this.#slots.fill(0)
    this.#generation = 1
  }

  /** The hash of a flow over IPv4 or IPv6 whose addresses and ports are `words` 32-bit words at `at`. */
  hash(view: DataView, at: number, words: number): number {
    let hash = this.#seed
    for (let i = 0; i < words; i += 1) {
      hash = Math.imul(hash ^ view.getInt32(at + i * 4, true), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    return hash
  }

  /** The slot that is `probe` behind the hash, -1 behind the last that is looked at. */
  slot(hash: number, probe: number): number {
    return probe < MAX_PROBES ? ((hash + probe) & this.#mask) * SLOT_WORDS : -1
  }

  /** The output in a slot, or {@link NEW_FLOW}. */
  get(slot: number): number {
    return this.#slots[slot + GENERATION] === this.#generation ? this.#slots[slot + OUTPUT]! : NEW_FLOW
  }

  set(slot: number, output: number): void {
    this.#slots[slot + GENERATION] = this.#generation
    this.#slots[slot + OUTPUT] = output
  }
}
