import type { ProtocolInfo } from './protocol-info.js'
import type { AddressForm, Tuple } from './tuple.js'

/** What one direction has carried. Only there if `net.netfilter.nf_conntrack_acct` was 1 when the flow began. */
export interface FlowCounter {
  packets: bigint
  bytes: bigint
}

/** Nanoseconds since 1970. Only there if `net.netfilter.nf_conntrack_timestamp` was 1 when the flow began. */
export interface FlowTimestamp {
  start: bigint
  /** Only in the event of its end. */
  stop?: bigint | undefined
}

/** How sequence numbers of one direction are shifted (`struct nf_ct_seqadj`). */
export interface SequenceAdjustment {
  correctionPosition: number
  offsetBefore: number
  offsetAfter: number
}

/** What SYNPROXY remembers (`struct nf_conn_synproxy`). */
export interface Synproxy {
  /** The initial sequence number that the proxy chose. */
  initialSequence: number
  /** The timestamp that the server's SYN-ACK had. */
  initialTimestamp: number
  timestampOffset: number
}

/** An attribute that this version does not know, kept as it came. */
export interface UnknownAttribute {
  type: number
  bytes: Uint8Array
}

/**
 * An entry of the connection tracking table. A field that the kernel did not send is absent; zero is zero.
 *
 * Attributes: `enum ctattr_type` in include/uapi/linux/netfilter/nfnetlink_conntrack.h.
 */
export interface Flow<A extends AddressForm = string> {
  family: 4 | 6
  original: Tuple<A>
  reply: Tuple<A>
  /** The kernel's id. It tells an entry from one that was born later with the same tuple. Unsigned, 32 bits. */
  id?: number | undefined
  /** Bits of {@link STATUS}; {@link statusNames} spells them. */
  status?: number | undefined
  /** Seconds until it ends, if nothing more arrives. */
  timeout?: number | undefined
  mark?: number | undefined
  zone?: number | undefined
  protocolInfo?: ProtocolInfo | undefined
  counters?: { original?: FlowCounter | undefined; reply?: FlowCounter | undefined } | undefined
  timestamp?: FlowTimestamp | undefined
  /** When the event happened, nanoseconds since 1970. Only in events, since Linux 6.14. */
  eventTime?: bigint | undefined
  /** 16 bytes, bit n of a label is bit n % 8 of byte n / 8. */
  labels?: Uint8Array | undefined
  helper?: { name: string; info?: Uint8Array | undefined } | undefined
  /** The flow that expected this one. */
  master?: Tuple<A> | undefined
  sequenceAdjustment?:
    | { original?: SequenceAdjustment | undefined; reply?: SequenceAdjustment | undefined }
    | undefined
  /** Absent also where the kernel sends three zeros, as it does with every entry that was made by netlink. */
  synproxy?: Synproxy | undefined
  securityContext?: string | undefined
  /** References that the kernel holds. */
  use?: number | undefined
  /** Attributes that are not known here. */
  unknown?: UnknownAttribute[] | undefined
}
