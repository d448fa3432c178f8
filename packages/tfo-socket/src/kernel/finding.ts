/** What {@link doctor} has looked at, and what came of it. */
export interface Finding {
  /** Names the check, the same in every version: `ip-local-port-range`. */
  check: string
  ok: boolean
  /** What is. */
  found: string
  /** What should be. */
  wanted: string
  /** What suffers as long as it is not so, in one sentence. */
  affects: string
  /** Only where `ok` is false: one line for a shell, or a sentence where no command can do it. */
  fix?: string
}
