import { openRouteSocket } from '@slatfatf/netlink'
import { identify, kindOf } from './change-kinds.js'
import type { HostChange } from './host-change.js'
import type { HostProblem } from './host-problem.js'
import { listNftTable } from './nft.js'

/**
 * Compares the host with the changes that were made to it.
 *
 * @param listing - the nft table right after it was loaded
 */
export async function verifyHost(changes: readonly HostChange[], listing: string): Promise<HostProblem[]> {
  const problems: HostProblem[] = []
  const route = await openRouteSocket()
  try {
    for (const change of changes) {
      if (await inPlace(change)) continue
      problems.push({
        code: 'HOST_CHANGED',
        message: `${identify(change)} is no longer as fish left it`,
        hint: 'find out which program changes it, then restart fishd',
        severity: 'error',
      })
    }
  } finally {
    await route.close()
  }
  return problems

  async function inPlace(change: HostChange): Promise<boolean> {
    const holds = await kindOf(change).holds(change, { route, keepDevice: true })
    if (!holds || change.kind !== 'nft-table') return holds
    return (await listNftTable(change.name)) === listing
  }
}
