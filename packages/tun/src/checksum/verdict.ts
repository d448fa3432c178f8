/**
 * What is said about a checksum. Above 0 the packet may pass, 0 is wrong, below 0 there is nothing to compute or verify.
 *
 * - `right`: it is. `none`: UDP over IPv4 without one.
 * - `wrong`: it is; also UDP over IPv6 without one (RFC 8200 §8.1).
 * - `malformed`: neither IPv4 nor IPv6, cut short, or with lengths that contradict each other.
 * - `fragment`: a piece of a packet; the checksum belongs to the whole.
 * - `unsupported`: no checksum that is known here: another protocol, or a routing header of an unknown type that is not used up.
 */
export const CHECKSUM = { right: 1, none: 2, wrong: 0, malformed: -1, fragment: -2, unsupported: -3 } as const

/** One of {@link CHECKSUM}. */
export type ChecksumVerdict = (typeof CHECKSUM)[keyof typeof CHECKSUM]

/** Those that say that there is no checksum to look at. */
export type NoChecksum = typeof CHECKSUM.malformed | typeof CHECKSUM.fragment | typeof CHECKSUM.unsupported
