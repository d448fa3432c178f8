import { DESCRIPTOR, DESCRIPTOR_WORDS, type PacketBatch } from '@slatfatf/tun'
import type { Slices } from '../lease/slices.js'
import { DROP, FIGURE } from '../observe/counters.js'
import { canAnswerWithIcmp, writeIcmpError } from '../packet/icmp-error.js'
import type { Packet } from '../packet/packet.js'

const ICMP_DESTINATION_UNREACHABLE = 3
const ICMP_ADMINISTRATIVELY_PROHIBITED = 13

/** Errors a second at the most, and at once (RFC 1812 §4.3.2.8). */
const ERRORS_PER_SECOND = 1000

/** Drops that are answered: those of new flows that fish will not open. */
const ANSWERED: ReadonlySet<number> = new Set([
  DROP.slices_full,
  DROP.flow_table_full,
  DROP.kernel_refused,
  DROP.client_has_too_many_flows,
  DROP.client_opens_too_fast,
])

/**
 * Tells a client at once that its new flow is refused, for want of room or by its quota, instead of letting it run into a timeout. The
 * answer takes the refused packet's place in the batch.
 *
 * Always "administratively prohibited" (RFC 5508 REQ-8). RFC 6888 REQ-11 would have "host unreachable" when there is no room, but Linux
 * keeps that one from UDP sockets, and their programs would hear nothing.
 */
export class Refuser {
  readonly #counters: Float64Array
  readonly #source: number
  #tokens = ERRORS_PER_SECOND
  #refilledMs = 0

  constructor(slices: Slices, counters: Float64Array) {
    this.#counters = counters
    // The translator answers from its own external address (RFC 5508 REQ-5).
    this.#source = slices.all[0]!.address
  }

  /** Replaces the packet by an ICMP error for its sender. False when none is due, or the rate is used up. */
  answer(packet: Packet, drop: number, batch: PacketBatch, index: number, nowMs: number): boolean {
    if (!ANSWERED.has(drop) || !canAnswerWithIcmp(packet)) return false
    if (!this.#takeToken(nowMs)) {
      this.#counters[FIGURE.icmp_errors_suppressed]!++
      return false
    }
    const length = writeIcmpError(
      packet,
      ICMP_DESTINATION_UNREACHABLE,
      ICMP_ADMINISTRATIVELY_PROHIBITED,
      this.#source,
    )
    const at = index * DESCRIPTOR_WORDS
    const { descriptors } = batch
    descriptors.fill(0, at, at + DESCRIPTOR_WORDS)
    descriptors[at + DESCRIPTOR.offset] = packet.offset
    descriptors[at + DESCRIPTOR.length] = length
    this.#counters[FIGURE.icmp_errors_sent]!++
    return true
  }

  #takeToken(nowMs: number): boolean {
    const earned = ((nowMs - this.#refilledMs) / 1000) * ERRORS_PER_SECOND
    this.#tokens = Math.min(ERRORS_PER_SECOND, this.#tokens + earned)
    this.#refilledMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
