import type { KernelFilter } from './kernel-filter.js'

/** Which parts of a filter this kernel heeds; an older one ignores what it does not know. */
export interface KernelAbilities {
  /** CTA_STATUS in dumps and flushes: Linux 5.15. */
  status: boolean
  /** CTA_FILTER in dumps: Linux 5.8. */
  tupleDump: boolean
  /** CTA_FILTER in flushes: Linux 6.12. */
  tupleFlush: boolean
}

/** Requests whose refusal tells what the kernel knows, and that do nothing on any kernel. */
export type Probe =
  | 'dump by a status without bits'
  | 'dump by flags without a tuple'
  | 'flush of nothing by flags'

/**
 * Finds out by asking, whatever the version says. `ask` sends the probe and resolves to the code of the refusal, or
 * undefined if there was none.
 */
export async function probeAbilities(
  ask: (probe: Probe) => Promise<string | undefined>,
): Promise<KernelAbilities> {
  return {
    status: (await ask('dump by a status without bits')) === 'EINVAL',
    tupleDump: (await ask('dump by flags without a tuple')) === 'EINVAL',
    // A kernel without the ability looks for the entry with the tuple, which is empty: EINVAL.
    tupleFlush: (await ask('flush of nothing by flags')) === undefined,
  }
}

/**
 * Whether a flush by this filter does what it says, the zone aside, which is to be probed by a dump. What is in doubt
 * would empty the table.
 */
export function mayFlush(filter: KernelFilter, abilities: KernelAbilities): boolean {
  if (filter.status && !abilities.status) return false
  if ((filter.original || filter.reply) && !abilities.tupleFlush) return false
  // A flush by family needs Linux 5.3, of which any later ability is the proof.
  if (filter.family !== undefined && !abilities.status && !abilities.tupleDump) return false
  return true
}

/** The same for a dump, the zone aside; every kernel compares the family. */
export function mayDump(filter: KernelFilter, abilities: KernelAbilities): boolean {
  if (filter.status && !abilities.status) return false
  return !(filter.original || filter.reply) || abilities.tupleDump
}
