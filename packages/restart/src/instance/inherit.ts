import { binding } from '../binding.js'
import type { FdChannel } from '../channel/fd-channel.js'
import { freeDescriptors } from '../descriptor/free-descriptors.js'
import { type Inheritance, meetPredecessor } from '../handover/meet-predecessor.js'
import { decodeState } from '../state/encode-state.js'
import { takeListenFds } from '../systemd/listen-fds.js'
import { openServiceManager, type ServiceManager } from '../systemd/service-manager.js'
import type { Before } from './before.js'
import { OwnBelongings } from './belongings.js'
import { publishTrouble } from './instance-events.js'
import type { CheckedOptions } from './instance-options.js'
import { companionVault, managerVault, type Vault } from './vault.js'

/** Of a running version that hangs; one that is dead is noticed at once, and one that saves its state may take a while. */
const MEETING_TIMEOUT_MS = 120_000

/** Everything that an instance starts with. */
export interface Beginnings {
  generation: number
  kind: Before['kind']
  state: Before['state']
  belongings: OwnBelongings
  manager: ServiceManager | undefined
  vault: Vault | undefined
  predecessor: { line: FdChannel; inheritance: Inheritance } | undefined
}

export async function inheritFromPredecessor(
  line: FdChannel,
  options: CheckedOptions,
  manager: ServiceManager | undefined,
): Promise<Beginnings> {
  const environment = {
    pid: process.pid,
    freeDescriptors,
    closeFd: (fd: number) => binding().closeFd(fd),
  }
  const inheritance = await meetPredecessor(line, environment, MEETING_TIMEOUT_MS)
  const belongings = new OwnBelongings(publishTrouble)
  for (const { kind, name, fds, managed } of inheritance.belongings) {
    if (kind !== 'state') belongings.inheritFromPredecessor(kind, name, fds, managed)
  }
  if (!inheritance.complete) belongings.predecessorDied()
  const { state } = inheritance
  return {
    generation: inheritance.generation,
    kind: 'predecessor',
    state: state && {
      ...decodeState(state.bytes, { maxBytes: Number.MAX_SAFE_INTEGER }),
      fds: state.fds,
    },
    belongings,
    manager,
    vault: await openVault(options, manager, belongings, false),
    predecessor: { line, inheritance },
  }
}

export async function inheritFromOutside(
  options: CheckedOptions,
  manager: ServiceManager | undefined,
): Promise<Beginnings> {
  const belongings = new OwnBelongings(publishTrouble)
  let kind: Before['kind'] = 'nothing'
  if (options.systemd) {
    for (const [name, fds] of takeListenFds()) {
      const isKept = belongings.inheritFromKeeper(name, fds)
      if (isKept) kind = 'crash'
      else if (kind === 'nothing') kind = 'socket-activation'
    }
  }
  const before = belongings.inheritedCount
  const vault = await openVault(options, manager, belongings, true)
  if (belongings.inheritedCount > before) kind = 'crash'
  return { generation: 0, kind, state: undefined, belongings, manager, vault, predecessor: undefined }
}

export function findManager(options: CheckedOptions): ServiceManager | undefined {
  if (!options.systemd) return undefined
  try {
    const manager = openServiceManager()
    return manager.present ? manager : undefined
  } catch (error) {
    // An address that is none: as good as no manager.
    publishTrouble(error as Error)
    return undefined
  }
}

async function openVault(
  options: CheckedOptions,
  manager: ServiceManager | undefined,
  belongings: OwnBelongings,
  copies: boolean,
): Promise<Vault | undefined> {
  if (options.companion !== undefined) {
    const { vault, kept } = await companionVault(options.companion, copies)
    for (const [name, fds] of kept) belongings.inheritFromKeeper(name, fds)
    belongings.vault = vault
    return vault
  }
  // Before systemd 254 nobody says whether there is a store: what is sent in vain does no harm.
  const mayStore = manager !== undefined && manager.fdStore !== 'off'
  const vault = mayStore ? managerVault(manager) : undefined
  belongings.vault = vault
  return vault
}
