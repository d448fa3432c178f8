import type { AddressForm, Tuple } from './tuple.js'

/**
 * What finds one entry: one of its tuples, and its zone if it has one. A {@link Flow} is a key.
 *
 * The kernel finds an entry by either of its tuples: a tuple that is given as the original one finds a flow whose reply it is,
 * too. With both tuples it looks for the original one. With `id`, an entry that was born later with the same tuple
 * is not taken for this one. `zone` is part of the key: without it only zone 0 is looked at.
 */
export interface FlowKey<A extends AddressForm = AddressForm> {
  original?: Tuple<A> | undefined
  reply?: Tuple<A> | undefined
  /** @default 0 */
  zone?: number | undefined
  id?: number | undefined
}
