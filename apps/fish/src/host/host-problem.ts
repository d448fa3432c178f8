/** Something about the host that keeps fish from working (`error`), or that an operator should know (`warning`). */
export interface HostProblem {
  /** Stable, in capitals: `CLIENT_MISSING`, `PORT_RANGE`, ... */
  readonly code: string
  readonly message: string
  /** What to do; commands are given exactly. */
  readonly hint: string
  readonly severity: 'error' | 'warning'
}
