import type { Finding } from '../finding.js'
import type { SupportKind } from '../is-supported.js'
import type { PortRange } from '../port-range.js'

/** What the caller of `doctor` wants, checked and with its defaults. */
export interface Needs {
  kinds: ReadonlySet<SupportKind>
  address: string | undefined
  ports: PortRange | undefined
  remoteAddress: string | undefined
  reservations: number | undefined
  mark: number | undefined
  forward: boolean
}

/** One thing to look at. `look` says nothing where the needs do not depend on it. */
export interface Check {
  check: string
  affects: string
  look(needs: Needs): Look | undefined
}

/** `fix` is left out of the finding where it is ok. */
export type Look = Pick<Finding, 'ok' | 'found' | 'wanted'> & { fix: string }

export function anyOf(needs: Needs, ...kinds: SupportKind[]): boolean {
  return kinds.some((kind) => needs.kinds.has(kind))
}
