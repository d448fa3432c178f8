import type { UnknownAttribute } from './flow.js'
import type { AddressForm, Tuple } from './tuple.js'

/** Bits of `Expectation.flags` (`NF_CT_EXPECT_*`, include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const EXPECTATION_FLAGS = { PERMANENT: 1 << 0, INACTIVE: 1 << 1, USERSPACE: 1 << 2 } as const

/** How the flow that comes will be translated. */
export interface ExpectationNat<A extends AddressForm = string> {
  /** The direction of the master whose translation it follows. */
  direction: 'original' | 'reply'
  /** Source address and port of it are what counts. */
  tuple: Tuple<A>
}

/**
 * A flow that a helper waits for.
 *
 * Attributes: `enum ctattr_expect` in include/uapi/linux/netfilter/nfnetlink_conntrack.h.
 */
export interface Expectation<A extends AddressForm = string> {
  family: 4 | 6
  /** What is expected, as far as {@link mask} has bits. */
  tuple: Tuple<A>
  /** Bits of source address and source port that must agree; destination and protocol always must. */
  mask: Tuple<A>
  /** The original tuple of the flow that expects it. */
  master: Tuple<A>
  id?: number | undefined
  /** Seconds. */
  timeout?: number | undefined
  zone?: number | undefined
  /** Bits of {@link EXPECTATION_FLAGS}. */
  flags?: number | undefined
  /** Which of the helper's policies applies. */
  class?: number | undefined
  helper?: string | undefined
  nat?: ExpectationNat<A> | undefined
  /** What is called when the flow comes (`nf_ct_helper_expectfn`). */
  expectFunction?: string | undefined
  unknown?: UnknownAttribute[] | undefined
}

/** An expectation to be made. Its master must exist and have a helper. */
export interface NewExpectation<A extends AddressForm = AddressForm> {
  tuple: Tuple<A>
  /** @default no bit of the source: it may come from anywhere */
  mask?: Tuple<A> | undefined
  master: Tuple<A>
  /** Seconds. Only kept by the kernel for helpers in user space; others use the timeout of their policy. */
  timeoutSeconds?: number | undefined
  zone?: number | undefined
  flags?: number | undefined
  class?: number | undefined
  helper?: string | undefined
  nat?: ExpectationNat<A> | undefined
  expectFunction?: string | undefined
}

/** What finds one expectation. */
export interface ExpectationKey<A extends AddressForm = AddressForm> {
  tuple: Tuple<A>
  zone?: number | undefined
  id?: number | undefined
}
