import type { CompanionOptions } from '../park/open-companion.js'
import { openCompanion } from '../park/open-companion.js'
import type { ServiceManager } from '../systemd/service-manager.js'

/** Who keeps descriptors when this process dies. */
export interface Vault {
  /** `replaces`: it may have others under this name. */
  store(name: string, fds: readonly number[], replaces: boolean): Promise<void>
  remove(name: string): Promise<void>
  /** Whether it still has everything when this service is started the next time after a stop. */
  readonly outlivesStop: boolean
  /** This service ends on purpose: nothing needs to be kept. */
  leave(): Promise<void>
}

/** What was kept over a crash, and who keeps from now on. */
export interface OpenedVault {
  vault: Vault | undefined
  /** Duplicates, this process's to close. */
  kept: Map<string, number[]>
}

export function managerVault(manager: ServiceManager): Vault {
  return {
    async store(name, fds, replaces) {
      // It adds to what it has under the name, and has the same file once.
      if (replaces) manager.unstore(name)
      await manager.store(name, fds)
    },
    async remove(name) {
      manager.unstore(name)
    },
    // `systemctl restart` is a stop and a start, and keeps what is stored; a mere stop empties the store.
    outlivesStop: true,
    async leave() {},
  }
}

/** `copies`: whether what it holds is wanted; a successor has everything from its predecessor. */
export async function companionVault(options: CompanionOptions, copies: boolean): Promise<OpenedVault> {
  const companion = await openCompanion(options)
  const kept = copies ? await companion.copy() : new Map<string, number[]>()
  const vault: Vault = {
    store: (name, fds) => companion.keep(name, fds),
    async remove(name) {
      await companion.forget(name)
    },
    outlivesStop: false,
    leave: () => companion.close(),
  }
  return { vault, kept }
}
