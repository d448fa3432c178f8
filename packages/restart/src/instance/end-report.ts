import type { DrainReport } from '../drain/drain-report.js'

/** How an instance came to its end. */
export interface EndReport {
  /** `superseded`: the next version serves; `stopped`: nobody does; `retired`: the one before took the service back. */
  readonly reason: 'superseded' | 'stopped' | 'retired'
  readonly drain: DrainReport
  /** Who serves, after `superseded`. */
  readonly successor?: { readonly pid: number; readonly generation: number } | undefined
}
