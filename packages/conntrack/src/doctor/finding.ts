/** What {@link doctor} has looked at, and what came of it. */
export interface Finding {
  /** Names the check, the same in every version: `event-mode`. */
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

/** A finding without a fix where all is well. */
export function finding(check: string, { fix, ...rest }: Omit<Finding, 'check'>): Finding {
  return { check, ...rest, ...(!rest.ok && fix !== undefined && { fix }) }
}
