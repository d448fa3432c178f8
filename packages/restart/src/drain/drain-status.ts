import type { DrainReport } from './drain-report.js'

/** What is open now. */
export interface DrainStatus {
  /** `stopped`: nothing is accepted, and `resumeAccepting` takes it back. */
  readonly state: 'serving' | 'stopped' | 'draining' | 'drained'
  readonly open: readonly { readonly kind: string; readonly name: string; readonly count: number }[]
  readonly left: DrainReport['left']
}
