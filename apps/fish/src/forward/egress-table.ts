import type { TfoSocketError } from '@slatfatf/tfo-socket'
import type { EgressMode } from '../egress/egress-mode.js'
import { FLOW, FLOW_WORDS, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, TICK_MS } from '../flow/flow-record.js'
import { type FlowKey, FlowTable } from '../flow/flow-table.js'
import { type Lease, type LeaseDesk, REFUSAL } from '../lease/lease-desk.js'
import { DROP, FIGURE, LOSS } from '../observe/counters.js'

const DROP_OF_REFUSAL: Record<number, number> = {
  [REFUSAL.slicesFull]: DROP.slices_full,
  [REFUSAL.clientHasTooManyFlows]: DROP.client_has_too_many_flows,
  [REFUSAL.clientOpensTooFast]: DROP.client_opens_too_fast,
  [REFUSAL.kernelRefused]: DROP.kernel_refused,
}

const GAUGE_OF_PROTOCOL: Record<number, number> = {
  [IPPROTO_TCP]: FIGURE.flows_tcp,
  [IPPROTO_UDP]: FIGURE.flows_udp,
  [IPPROTO_ICMP]: FIGURE.flows_icmp,
}

/** By the code of the error with which the kernel took a placeholder away. */
const LOSS_OF_CODE: Record<string, number> = {
  ECONNREFUSED: LOSS.icmp_error,
  EHOSTUNREACH: LOSS.icmp_error,
  ENETUNREACH: LOSS.icmp_error,
  ECONNRESET: LOSS.tcp_packet,
  ETIMEDOUT: LOSS.tcp_packet,
  ECONNABORTED: LOSS.destroyed,
}

/** Flows and the leases under them. A flow in the table has a lease, and a lease belongs to one flow; both begin and end here. */
export class EgressTable {
  readonly flows: FlowTable
  /** Counter index of the reason why the last `open` failed. */
  lastDrop = 0
  readonly #desk: LeaseDesk
  readonly #counters: Float64Array
  readonly #leases: (Lease | undefined)[] = []
  readonly #onLost = (lease: Lease, reason: TfoSocketError) => this.#lose(lease, reason)
  readonly #key: FlowKey = {
    protocol: 0,
    clientAddress: 0,
    clientPort: 0,
    externalAddress: 0,
    externalPort: 0,
    remoteAddress: 0,
    remotePort: 0,
  }

  constructor(capacity: number, desk: LeaseDesk, counters: Float64Array) {
    this.flows = new FlowTable(capacity)
    this.#desk = desk
    this.#counters = counters
  }

  /**
   * Opens a flow for a client's first packet: lease first, then record. Returns its slot, or -1 with {@link lastDrop} set; live flows
   * are never ended to make room.
   */
  open(
    mode: EgressMode,
    client: number,
    clientPort: number,
    remote: number,
    remotePort: number,
    nowMs: number,
    state: number,
  ): number {
    if (this.flows.size >= this.flows.capacity) {
      this.lastDrop = DROP.flow_table_full
      return -1
    }
    const leaseRemote = mode.endpointIndependent ? 0 : remote
    const leaseRemotePort = mode.endpointIndependent ? 0 : remotePort
    const lease = this.#desk.take(mode, client, leaseRemote, leaseRemotePort, nowMs, this.#onLost)
    if (lease === undefined) {
      this.lastDrop = DROP_OF_REFUSAL[this.#desk.lastRefusal]!
      return -1
    }
    const key = this.#key
    key.protocol = mode.protocol
    key.clientAddress = client
    key.clientPort = clientPort
    key.externalAddress = lease.slice.address
    key.externalPort = lease.port
    key.remoteAddress = leaseRemote
    key.remotePort = leaseRemotePort
    const slot = this.flows.insert(key, ticksOf(nowMs), state)
    this.#leases[slot] = lease
    this.#counters[FIGURE.flows_opened]!++
    this.#counters[GAUGE_OF_PROTOCOL[mode.protocol]!]!++
    return slot
  }

  /** A packet that refreshes the flow has passed. */
  touch(slot: number, nowMs: number): void {
    this.flows.records[slot * FLOW_WORDS + FLOW.lastSeen] = ticksOf(nowMs)
  }

  /** Ends a flow and gives its lease back. */
  close(slot: number): void {
    const lease = this.#leases[slot]
    this.#counters[GAUGE_OF_PROTOCOL[this.flows.read(slot, FLOW.protocol)]!]!--
    this.flows.remove(slot)
    this.#leases[slot] = undefined
    if (lease !== undefined) this.#desk.give(lease)
  }

  /** Ends a flow that has been silent too long. */
  expire(slot: number): void {
    this.#counters[FIGURE.flows_expired]!++
    this.close(slot)
  }

  /**
   * Ends the flows in up to `count` slots from `slot` on and returns the slot to go on with, or -1 after the last one. A close costs
   * about 5 µs, so the caller spreads many over turns of its loop.
   */
  closeFrom(slot: number, count: number): number {
    const end = Math.min(slot + count, this.flows.highWater)
    for (let next = slot; next < end; next++) if (this.flows.isLive(next)) this.close(next)
    return end < this.flows.highWater ? end : -1
  }

  /** Ends the flow whose tuple is not ours any more: another packet of it would leave under the name of whoever has it now. */
  #lose({ mode, slice, port, remote, remotePort }: Lease, reason: TfoSocketError): void {
    this.#counters[LOSS_OF_CODE[reason.code] ?? LOSS.unexplained]!++
    this.close(this.flows.findInbound(mode.protocol, slice.address, port, remote, remotePort))
  }
}

/** The flow clock at this time. */
export function ticksOf(nowMs: number): number {
  return Math.floor(nowMs / TICK_MS)
}
