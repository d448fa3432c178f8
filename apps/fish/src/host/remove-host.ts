import { openRouteSocket } from '@slatfatf/netlink'
import type { Config } from '../config/config.js'
import { HostJournal } from './host-journal.js'
import { undoChanges } from './undo-changes.js'

export interface RemoveOptions {
  /** Where the journal is kept. Default `state.directory` of the configuration. */
  readonly directory?: string
  /** Leave the device there, for whoever holds it. Default false. */
  readonly keepDevice?: boolean
}

/**
 * Puts the host back as it was before {@link installHost}, by the journal, whoever wrote it: this process or one that crashed.
 *
 * The local table returns to its first place before anything else; then rules, routes, the device, addresses and sysctls go, and the
 * nft table with the guards is the last. Of the configuration only the state directory and the name of the device count: a TUN device
 * of that name is deleted even if nothing else was ever installed. Doing it twice does nothing.
 *
 * @throws {HostError} `ERR_HOST_IN_USE` if the process that installed it lives on, `ERR_HOST_REMOVE`, `ERR_HOST_JOURNAL`
 */
export async function removeHost(
  config: Pick<Config, 'device' | 'state'>,
  { directory = config.state.directory, keepDevice = false }: RemoveOptions = {},
): Promise<void> {
  const journal = await HostJournal.open(directory)
  const route = await openRouteSocket()
  try {
    await undoChanges(journal, journal.entries, { route, keepDevice })
    const device = await route.link(config.device.name)
    if (!keepDevice && device?.kind === 'tun') await route.removeLink(device.name)
  } finally {
    await route.close()
  }
}
