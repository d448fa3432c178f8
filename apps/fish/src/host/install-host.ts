import { openRouteSocket } from '@slatfatf/netlink'
import type { Config } from '../config/config.js'
import { identify, kindOf } from './change-kinds.js'
import type { ChangeTools } from './changes/change-kind.js'
import { type GuardCounts, readGuards } from './guards.js'
import type { HostChange } from './host-change.js'
import { HostError, isHostError } from './host-error.js'
import { readFacts } from './host-facts.js'
import { HostJournal, type JournalEntry } from './host-journal.js'
import type { HostProblem } from './host-problem.js'
import { listNftTable } from './nft.js'
import { planHost } from './plan-host.js'
import { type RemoveOptions, removeHost } from './remove-host.js'
import { undoChanges } from './undo-changes.js'
import { verifyHost } from './verify-host.js'

/** A host that looks as fish needs it, until it is removed. */
export interface InstalledHost {
  /** Names what has been changed since by somebody else; empty if all is in place. */
  verify(): Promise<HostProblem[]>
  /** @see readGuards */
  readGuards(): Promise<GuardCounts>
  /**
   * Puts the host back as it was, the guards last, and deletes the device; doing it twice does nothing.
   *
   * To be called when forwarding has stopped, the reservations are closed and the quiet time has passed: until then the guards
   * keep the host silent.
   */
  remove(options?: RemoveOptions): Promise<void>
}

/**
 * Makes the kernel look as fish needs it: the guards, sysctls, addresses, the device, routes and rules, in this order.
 *
 * What was there before is on disk before it is changed, so a crash at any point can be undone by {@link removeHost} or by the next
 * start. Installing over the remains of a crash is the same as installing: what was recorded first is what is restored. If it
 * rejects, it has undone what it had done, but for the device, which its owner still holds.
 *
 * The device must exist. Requires CAP_NET_ADMIN, nft and Linux 6.3 (IP_LOCAL_PORT_RANGE, used by the reservations).
 *
 * @param directory - where the journal is kept; default `state.directory` of the configuration
 * @throws {HostError} `ERR_HOST_CHANGE`, `ERR_HOST_IN_USE`, `ERR_HOST_JOURNAL`, `ERR_NFT_MISSING`, `ERR_NFT_FAILED`
 */
export async function installHost(
  config: Config,
  directory = config.state.directory,
): Promise<InstalledHost> {
  const journal = await HostJournal.open(directory)
  const route = await openRouteSocket()
  const tools: ChangeTools = { route, keepDevice: true }
  let changes: HostChange[]
  let listing: string
  try {
    try {
      changes = planHost(config, await readFacts((key) => journal.originalSysctl(key)))
      const [guards, ...others] = changes
      if (guards) await make(guards, journal, tools)
      await undoChanges(journal, outdated(changes, journal), { route, keepDevice: false })
      for (const change of others) await make(change, journal, tools)
      listing = await listNftTable(nftTableOf(changes))
    } catch (error) {
      await undoChanges(journal, journal.entries, tools).catch((undoError: unknown) => {
        const cause = new AggregateError([error, undoError])
        throw new HostError('ERR_HOST_REMOVE', 'could not install, nor undo what was installed', { cause })
      })
      throw error
    }
  } finally {
    await route.close()
  }
  return {
    verify: () => verifyHost(changes, listing),
    readGuards: () => readGuards(config),
    remove: (options) => removeHost(config, { directory, ...options }),
  }
}

async function make(change: HostChange, journal: HostJournal, tools: ChangeTools): Promise<void> {
  const kind = kindOf(change)
  try {
    await journal.record(change, () => kind.readBefore(change, tools))
    await kind.apply(change, tools)
  } catch (cause) {
    if (isHostError(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HostError('ERR_HOST_CHANGE', `cannot make ${identify(change)}: ${reason}`, { cause })
  }
}

/** What a crashed process with another configuration left, and the local rule, which stands before any other may go. */
function outdated(changes: readonly HostChange[], journal: HostJournal): JournalEntry[] {
  const wanted = new Set(changes.map(identify))
  const left = journal.entries.filter(({ change }) => !wanted.has(identify(change)))
  const local = journal.entries.filter(({ change }) => change.kind === 'local-last')
  return left.length === 0 ? [] : [...left, ...local]
}

function nftTableOf(changes: readonly HostChange[]): string {
  return changes.find((change) => change.kind === 'nft-table')?.name ?? ''
}
