import { FLOW, FLOW_WORDS, IPPROTO_ICMP, IPPROTO_TCP, TICK_MS } from './flow-record.js'
import type { FlowTable } from './flow-table.js'
import { isTransitory } from './tcp-state.js'

/** How long a silent flow is kept, in milliseconds. */
export interface FlowTimeouts {
  tcpEstablishedMs: number
  tcpTransitoryMs: number
  udpMs: number
  icmpMs: number
}

/**
 * Ends flows that have been silent too long. The whole table is walked once in `sweepMs`, a part at each step, so a step's cost is
 * bounded and packets pay nothing but the write of `lastSeen`. A flow ends at most `sweepMs` after its timeout, never before it.
 */
export class Expiry {
  readonly #table: FlowTable
  readonly #timeouts: FlowTimeouts
  readonly #onExpired: (slot: number) => void
  readonly #stepsPerSweep: number
  #cursor = 0

  constructor(
    table: FlowTable,
    timeouts: FlowTimeouts,
    onExpired: (slot: number) => void,
    stepsPerSweep = 10,
  ) {
    this.#table = table
    this.#timeouts = timeouts
    this.#onExpired = onExpired
    this.#stepsPerSweep = stepsPerSweep
  }

  /** Walks the next part of the table. `onExpired` may remove the flow it is told of. */
  step(nowTicks: number): void {
    const end = this.#table.highWater
    if (end === 0) return
    const count = Math.ceil(end / this.#stepsPerSweep)
    for (let walked = 0; walked < count; walked++) {
      if (this.#cursor >= end) this.#cursor = 0
      const slot = this.#cursor++
      if (this.#table.isLive(slot) && this.#isOver(slot, nowTicks)) this.#onExpired(slot)
    }
  }

  #isOver(slot: number, nowTicks: number): boolean {
    const base = slot * FLOW_WORDS
    const silentMs = (nowTicks - this.#table.records[base + FLOW.lastSeen]!) * TICK_MS
    return (
      silentMs >=
      this.#timeoutMs(this.#table.records[base + FLOW.protocol]!, this.#table.records[base + FLOW.state]!)
    )
  }

  #timeoutMs(protocol: number, state: number): number {
    if (protocol === IPPROTO_TCP) {
      return isTransitory(state) ? this.#timeouts.tcpTransitoryMs : this.#timeouts.tcpEstablishedMs
    }
    return protocol === IPPROTO_ICMP ? this.#timeouts.icmpMs : this.#timeouts.udpMs
  }
}
