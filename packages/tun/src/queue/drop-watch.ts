import { TUN_COUNTER } from './tun-counter.js'

const REASONS = [
  'dropOutside',
  'dropMalformed',
  'dropDown',
  'dropUnsupported',
  'dropGone',
  'dropOther',
  'dropMalformedIn',
  'dropAbandoned',
] as const

/** Packets that were lost for one reason. */
export interface Drop {
  /** The counter that tells of it, a key of {@link TUN_COUNTER}. */
  reason: (typeof REASONS)[number]
  /** How many since the last event of this reason. */
  count: number
}

/** Tells what the drop counters of a queue grew by. */
export class DropWatch {
  readonly #counters: Float64Array
  readonly #seen: Float64Array
  #total = 0

  constructor(counters: Float64Array) {
    this.#counters = counters
    this.#seen = counters.slice()
  }

  get hasNew(): boolean {
    return totalOf(this.#counters) !== this.#total
  }

  /** What is new since the last call. */
  take(): Drop[] {
    const drops: Drop[] = []
    for (const reason of REASONS) {
      const slot = TUN_COUNTER[reason]
      const count = this.#counters[slot]! - this.#seen[slot]!
      if (count > 0) drops.push({ reason, count })
      this.#seen[slot] = this.#counters[slot]!
    }
    this.#total = totalOf(this.#counters)
    return drops
  }
}

function totalOf(counters: Float64Array): number {
  const { writeErrors, dropMalformedIn, dropAbandoned } = TUN_COUNTER
  return counters[writeErrors]! + counters[dropMalformedIn]! + counters[dropAbandoned]!
}
