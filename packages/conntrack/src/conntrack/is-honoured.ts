import { IPCTNL_MSG_CT_DELETE, IPCTNL_MSG_CT_GET } from '../codec/constants.js'
import { writeKernelFilter, writeProbe } from '../codec/encode-filter.js'
import { isConntrackError } from '../errors/conntrack-error.js'
import {
  type KernelAbilities,
  mayDump,
  mayFlush,
  type Probe,
  probeAbilities,
} from '../filter/kernel-abilities.js'
import type { KernelFilter } from '../filter/kernel-filter.js'
import { attempt, type CallOptions, payloadOf, request, type Session } from './session.js'

/**
 * Whether this kernel compares all of a filter. An older one ignores what it does not know, and would delete every entry, or
 * set the counters of every entry to zero.
 */
export async function isHonoured(
  session: Session,
  verb: 'flush' | 'dump',
  kernel: KernelFilter,
  options: CallOptions,
): Promise<boolean> {
  session.abilities ??= await probe(session, options)
  const may = verb === 'flush' ? mayFlush : mayDump
  if (!may(kernel, session.abilities)) return false
  if (kernel.zone === undefined) return true
  // Without an entry nobody knows: a flush could meet one that was born meanwhile.
  return (await isZoneHonoured(session, kernel.zone)) ?? verb === 'dump'
}

function probe(session: Session, options: CallOptions): Promise<KernelAbilities> {
  return probeAbilities((probe) =>
    probe === 'flush of nothing by flags'
      ? refusalOf(() =>
          request(
            session,
            { operation: 'flush' },
            { type: IPCTNL_MSG_CT_DELETE, payload: payloadOf((writer) => writeProbe(writer, probe)) },
            options,
          ),
        )
      : refusalOf(() =>
          firstOf(
            session,
            payloadOf((writer) => writeProbe(writer, probe as Probe)),
          ),
        ),
  )
}

/** Nothing but the zone is asked for, so the kernel's mark on the entries is about it. Undefined where there is none. */
function isZoneHonoured(session: Session, zone: number): Promise<boolean | undefined> {
  return firstOf(
    session,
    payloadOf((writer) => writeKernelFilter(writer, { zone })),
  )
}

/** Whether the kernel filtered the dump; undefined if it is empty. No more than its beginning is read. */
async function firstOf(session: Session, payload: Uint8Array): Promise<boolean | undefined> {
  return attempt({ operation: 'dump' }, async () => {
    const connection = await session.open()
    try {
      const stream = connection.stream({ type: IPCTNL_MSG_CT_GET, payload, operation: 'probe' }, () => true)
      await stream.next()
      return stream.filtered
    } finally {
      await session.release(connection)
    }
  })
}

async function refusalOf(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask()
    return undefined
  } catch (error) {
    if (isConntrackError(error) && (error.code === 'EINVAL' || error.code === 'ENOTSUP')) return error.code
    throw error
  }
}
