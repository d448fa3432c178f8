import type { SequenceAdjustment, Synproxy } from './flow.js'
import type { ProtocolInfo } from './protocol-info.js'
import type { AddressForm, Tuple } from './tuple.js'

/** To what an address or port is translated; of a range the kernel picks what is free. */
export interface NatTarget<A extends AddressForm = AddressForm> {
  /** @default the address stays */
  address?: A | readonly [first: A, last: A] | undefined
  /** Of ICMP: the echo identifier. @default the port stays, if it is free */
  port?: number | readonly [first: number, last: number] | undefined
}

/**
 * An entry to be made.
 *
 * With `nat` the reply tuple is still the plain inversion of the original: the kernel rewrites it. One that is already
 * translated would be accepted and do nothing, so it is refused as `ERR_CONNTRACK_TRANSLATED_REPLY`.
 */
export interface NewFlow<A extends AddressForm = AddressForm> {
  original: Tuple<A>
  /** @default `replyTuple(original)` */
  reply?: Tuple<A> | undefined
  /** Seconds, from 1. */
  timeoutSeconds: number
  /** Bits of {@link STATUS}; CONFIRMED must be among them. Bits that the kernel owns (NAT, ...) are ignored. @default CONFIRMED */
  status?: number | undefined
  /** @default 0 */
  mark?: number | undefined
  /** @default 0 */
  zone?: number | undefined
  /** @default the state NONE, from which any packet goes on */
  protocolInfo?: ProtocolInfo | undefined
  /** Up to 16 bytes, a multiple of 4. Dropped by the kernel unless a rule of the namespace uses labels. */
  labels?: Uint8Array | undefined
  /** A helper that the kernel knows for this protocol, such as `ftp`. Only possible at creation. */
  helper?: { name: string; info?: Uint8Array | undefined } | undefined
  /** The original tuple of the flow that expected this one. */
  master?: Tuple<A> | undefined
  nat?: { source?: NatTarget<A> | undefined; destination?: NatTarget<A> | undefined } | undefined
  sequenceAdjustment?:
    | { original?: SequenceAdjustment | undefined; reply?: SequenceAdjustment | undefined }
    | undefined
  synproxy?: Synproxy | undefined
}
