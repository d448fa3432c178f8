import type { HandoverEnvironment, Offspring } from './environment.js'

export interface Dismissal {
  code: string
  message: string
  /** It has served: it may finish what it has. Otherwise it is ended by SIGTERM at once. */
  gently: boolean
  /** It said that it ends: no signal before the grace is over. */
  endsByItself: boolean
  graceMs: number
  /** The process that speaks, if the one that was started is only a wrapper around it. */
  wrapped?: { pid: number; gone: Promise<void> } | undefined
}

/** Ends a version that is not to take over, SIGKILL after the grace, and resolves when it is reaped. */
export async function dismiss(
  offspring: Offspring,
  environment: HandoverEnvironment,
  { code, message, gently, endsByItself, graceMs, wrapped }: Dismissal,
): Promise<void> {
  // A channel that is full or gone is no reason to wait: the signals follow.
  offspring.line
    .send(gently ? { type: 'retire', message } : { type: 'cancel', code, message })
    .catch(() => {})
  let isGone = wrapped === undefined
  const gone = wrapped?.gone.then(() => {
    isGone = true
  })
  const kill = (signal: NodeJS.Signals) => {
    offspring.kill(signal)
    // Its channel is open as long as it lives, so the number cannot mean another process.
    if (wrapped && !isGone) environment.signal(wrapped.pid, signal)
  }
  if (!gently && !endsByItself) kill('SIGTERM')
  const cancel = environment.timer(graceMs, () => kill('SIGKILL'))
  await Promise.all([offspring.exited, gone])
  cancel()
  offspring.line.close()
}
