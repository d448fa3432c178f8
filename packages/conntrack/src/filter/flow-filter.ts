import type { TcpState } from '../flow/protocol-info.js'
import type { StatusName } from '../flow/status.js'
import type { Protocol } from '../flow/tuple.js'

/** What one direction must look like. */
export interface TupleFilter {
  /** An address, or a prefix such as `192.0.2.0/24`. */
  source?: string | undefined
  destination?: string | undefined
  /** One port, or the first and last of a range. */
  sourcePort?: number | readonly [first: number, last: number] | undefined
  destinationPort?: number | readonly [first: number, last: number] | undefined
}

/**
 * Which entries are meant: those that fit everything that is given. An empty filter means all.
 *
 * Every entry is compared here; what the kernel can compare, it is asked to compare before, which is many times cheaper:
 * family, mark, status, zone, and with a family known the protocol, single ports of TCP and UDP and whole IPv4 addresses.
 * The kernel is never asked about IPv6 addresses: it compares them the wrong way round.
 */
export interface FlowFilter extends TupleFilter {
  /** Known from addresses, if there are any. */
  family?: 4 | 6 | undefined
  protocol?: Protocol | undefined
  /** What replies must look like: with translation, the other side of it. */
  reply?: TupleFilter | undefined
  /** With a mask only its bits are compared. */
  mark?: number | { value: number; mask: number } | undefined
  /** Bits that must be set, and bits that must not be. */
  status?: { set?: readonly StatusName[] | undefined; clear?: readonly StatusName[] | undefined } | undefined
  /** 0 means entries without a zone. An entry with zones per direction is in each of them. */
  zone?: number | undefined
  tcpState?: TcpState | undefined
  /** Labels that must be set, as the bits of up to 16 bytes. */
  labels?: Uint8Array | undefined
}
