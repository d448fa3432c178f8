import type { SequenceAdjustment, Synproxy } from './flow.js'
import type { ProtocolInfo } from './protocol-info.js'

/** What an update may change. What is absent stays; zero is a value. NAT and the master cannot be changed. */
export interface FlowChange {
  /** Seconds from now, from 1. The kernel keeps at most 2^31 - 1 of its ticks: 99 days where it has 250 a second. */
  timeoutSeconds?: number | undefined
  /** With a mask only its bits are changed. */
  mark?: number | { value: number; mask: number } | undefined
  /** Bits of {@link STATUS} the entry shall have: CONFIRMED must be among them, SEEN_REPLY and ASSURED can only be set. */
  status?: number | undefined
  protocolInfo?: ProtocolInfo | undefined
  /** Multiples of 4 bytes, up to 16. With a mask only its bits are changed; without one all labels are, those beyond the last byte to 0. */
  labels?: Uint8Array | { bits: Uint8Array; mask: Uint8Array } | undefined
  /** Data of the helper that is attached already; the name must be its name, or empty to take the helper off. */
  helper?: { name: string; info?: Uint8Array | undefined } | undefined
  sequenceAdjustment?:
    | { original?: SequenceAdjustment | undefined; reply?: SequenceAdjustment | undefined }
    | undefined
  synproxy?: Synproxy | undefined
}
