import { FLOW, FLOW_WORDS } from './flow-record.js'

/**
 * Open-addressing hash index over flow records: (protocol, near address, near port, remote address, remote port) to slot. Linear
 * probing at a load of at most one half, with backward-shift deletion (Knuth, TAOCP 6.4, algorithm R), so that lookups never slow
 * down with age and nothing has to be rebuilt.
 *
 * The hash is seeded per process, so that a client cannot choose ports that collide on purpose.
 */
export class TupleIndex {
  readonly #records: Int32Array
  /** slot + 1; 0 is empty. */
  readonly #cells: Int32Array
  readonly #mask: number
  readonly #addressWord: number
  readonly #portWord: number
  readonly #seed: number

  constructor(
    records: Int32Array,
    capacity: number,
    addressWord: number,
    portWord: number,
    seed: number = (Math.random() * 0x1_0000_0000) | 0,
  ) {
    const cells = 1 << Math.max(4, Math.ceil(Math.log2(capacity * 2)))
    this.#records = records
    this.#cells = new Int32Array(cells)
    this.#mask = cells - 1
    this.#addressWord = addressWord
    this.#portWord = portWord
    this.#seed = seed
  }

  /** Slot with this tuple, or -1. */
  find(protocol: number, address: number, port: number, remote: number, remotePort: number): number {
    const records = this.#records
    const cells = this.#cells
    const mask = this.#mask
    let cell = hashTuple(this.#seed, protocol, address, port, remote, remotePort) & mask
    for (;;) {
      const entry = cells[cell]!
      if (entry === 0) return -1
      const base = (entry - 1) * FLOW_WORDS
      if (
        records[base + this.#portWord] === port &&
        records[base + this.#addressWord] === (address | 0) &&
        records[base + FLOW.remoteAddress] === (remote | 0) &&
        records[base + FLOW.remotePort] === remotePort &&
        records[base + FLOW.protocol] === protocol
      ) {
        return entry - 1
      }
      cell = (cell + 1) & mask
    }
  }

  /** Adds the tuple of the record in this slot. */
  add(slot: number): void {
    let cell = this.#homeOf(slot)
    while (this.#cells[cell] !== 0) cell = (cell + 1) & this.#mask
    this.#cells[cell] = slot + 1
  }

  /** Forgets the tuple of the record in this slot. The record must still hold it. */
  delete(slot: number): void {
    const cells = this.#cells
    const mask = this.#mask
    let hole = this.#homeOf(slot)
    while (cells[hole] !== slot + 1) hole = (hole + 1) & mask
    let next = hole
    for (;;) {
      next = (next + 1) & mask
      const entry = cells[next]!
      if (entry === 0) break
      const home = this.#homeOf(entry - 1)
      // The entry may fill the hole unless its home lies cyclically behind the hole.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        cells[hole] = entry
        hole = next
      }
    }
    cells[hole] = 0
  }

  /** Longest run of occupied cells: what the slowest lookup can cost. Walks the whole index; for diagnosis. */
  get longestProbe(): number {
    let longest = 0
    let run = 0
    for (const entry of this.#cells) {
      run = entry === 0 ? 0 : run + 1
      if (run > longest) longest = run
    }
    return longest
  }

  #homeOf(slot: number): number {
    const records = this.#records
    const base = slot * FLOW_WORDS
    return (
      hashTuple(
        this.#seed,
        records[base + FLOW.protocol]!,
        records[base + this.#addressWord]!,
        records[base + this.#portWord]!,
        records[base + FLOW.remoteAddress]!,
        records[base + FLOW.remotePort]!,
      ) & this.#mask
    )
  }
}

/** Multiply-and-fold over three words, finished with the avalanche of MurmurHash3 (public domain, A. Appleby). */
function hashTuple(
  seed: number,
  protocol: number,
  address: number,
  port: number,
  remote: number,
  remotePort: number,
): number {
  let hash = seed ^ protocol
  hash = Math.imul(hash ^ address, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ remote, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ ((port << 16) | remotePort), 0xc2b2ae35)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x7feb352d)
  return hash ^ (hash >>> 15)
}
