import { FLOW, FLOW_WORDS } from './flow-record.js'
import { TupleIndex } from './tuple-index.js'

/** What tells one flow from another. `remote…` are 0 for endpoint-independent mappings. */
export interface FlowKey {
  protocol: number
  clientAddress: number
  clientPort: number
  externalAddress: number
  externalPort: number
  remoteAddress: number
  remotePort: number
}

/**
 * Flows as fixed-size records in one typed array, found from either side in constant time. All memory is taken at construction
 * (64 bytes a record, up to 32 more for the two indexes); nothing is allocated by find, insert or remove.
 *
 * A flow is named by its slot, a small integer that stays valid until `remove`.
 */
export class FlowTable {
  readonly capacity: number
  readonly records: Int32Array
  readonly #outbound: TupleIndex
  readonly #inbound: TupleIndex
  #firstFree = -1
  #highWater = 0
  #size = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.records = new Int32Array(capacity * FLOW_WORDS)
    this.#outbound = new TupleIndex(this.records, capacity, FLOW.clientAddress, FLOW.clientPort)
    this.#inbound = new TupleIndex(this.records, capacity, FLOW.externalAddress, FLOW.externalPort)
  }

  /** Number of live flows. */
  get size(): number {
    return this.#size
  }

  /** Slots at and above this have never been used, so a sweep may stop here. */
  get highWater(): number {
    return this.#highWater
  }

  /** Slot of the flow that the client's packet belongs to, or -1. */
  findOutbound(protocol: number, client: number, port: number, remote: number, remotePort: number): number {
    return this.#outbound.find(protocol, client, port, remote, remotePort)
  }

  /** Slot of the flow that a packet from the remote belongs to, or -1. */
  findInbound(protocol: number, external: number, port: number, remote: number, remotePort: number): number {
    return this.#inbound.find(protocol, external, port, remote, remotePort)
  }

  /** Adds a flow and returns its slot, or -1 when the table is full. The caller has made sure that neither side is taken. */
  insert(key: FlowKey, nowTicks: number, state: number): number {
    const slot = this.#takeSlot()
    if (slot < 0) return -1
    const base = slot * FLOW_WORDS
    const records = this.records
    records[base + FLOW.protocol] = key.protocol
    records[base + FLOW.clientAddress] = key.clientAddress
    records[base + FLOW.clientPort] = key.clientPort
    records[base + FLOW.externalAddress] = key.externalAddress
    records[base + FLOW.externalPort] = key.externalPort
    records[base + FLOW.remoteAddress] = key.remoteAddress
    records[base + FLOW.remotePort] = key.remotePort
    records[base + FLOW.lastSeen] = nowTicks
    records[base + FLOW.state] = state
    this.#outbound.add(slot)
    this.#inbound.add(slot)
    this.#size++
    return slot
  }

  /** Ends a flow. Its slot may be handed out again by the next insert. */
  remove(slot: number): void {
    this.#outbound.delete(slot)
    this.#inbound.delete(slot)
    const base = slot * FLOW_WORDS
    this.records[base + FLOW.protocol] = 0
    this.records[base + FLOW.nextFree] = this.#firstFree
    this.#firstFree = slot
    this.#size--
  }

  /** True while the slot holds a flow. */
  isLive(slot: number): boolean {
    return this.records[slot * FLOW_WORDS + FLOW.protocol] !== 0
  }

  /** One word of a live record, addresses as unsigned numbers. */
  read(slot: number, word: number): number {
    return this.records[slot * FLOW_WORDS + word]! >>> 0
  }

  #takeSlot(): number {
    const free = this.#firstFree
    if (free >= 0) {
      this.#firstFree = this.records[free * FLOW_WORDS + FLOW.nextFree]!
      return free
    }
    return this.#highWater < this.capacity ? this.#highWater++ : -1
  }
}
