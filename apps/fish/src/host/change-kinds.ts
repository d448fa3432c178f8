import { address } from './changes/address.js'
import type { ChangeKind } from './changes/change-kind.js'
import { device } from './changes/device.js'
import { localLast } from './changes/local-last.js'
import { nftTable } from './changes/nft-table.js'
import { route } from './changes/route.js'
import { rule } from './changes/rule.js'
import { sysctl } from './changes/sysctl.js'
import type { HostChange } from './host-change.js'

const kinds = {
  'nft-table': nftTable,
  sysctl,
  address,
  device,
  route,
  rule,
  'local-last': localLast,
} as const

/** The kind a change is of. What the journal remembers of a change is opaque outside of its kind. */
export function kindOf(change: HostChange): ChangeKind<HostChange, unknown> {
  return kinds[change.kind] as unknown as ChangeKind<HostChange, unknown>
}

/** The same for two changes of the same thing, and readable. */
export function identify(change: HostChange): string {
  return `${change.kind} ${kindOf(change).identify(change)}`
}
