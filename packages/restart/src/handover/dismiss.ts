import type { HandoverEnvironment, Offspring } from './environment.js'

export interface Dismissal {
  code: string
  message: string
  /** It has served: it may finish what it has. Otherwise it is ended by SIGTERM at once. */
  gently: boolean
  /** It said that it ends: no signal before the grace is over. */
  endsByItself: boolean
  graceMs: number
}

/** Ends a version that is not to take over, SIGKILL after the grace, and resolves when it is reaped. */
export async function dismiss(
  offspring: Offspring,
  environment: HandoverEnvironment,
  { code, message, gently, endsByItself, graceMs }: Dismissal,
): Promise<void> {
  // A channel that is full or gone is no reason to wait: the signals follow.
  offspring.line
    .send(gently ? { type: 'retire', message } : { type: 'cancel', code, message })
    .catch(() => {})
  if (!gently && !endsByItself) offspring.kill('SIGTERM')
  const cancel = environment.timer(graceMs, () => offspring.kill('SIGKILL'))
  await offspring.exited
  cancel()
  offspring.line.close()
}
