/** How often the service manager wants to hear from this process, in ms; undefined if it does not. (sd_watchdog_enabled(3)) */
export function watchdogInterval(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env
  if (WATCHDOG_USEC === undefined || !/^\d+$/.test(WATCHDOG_USEC)) return undefined
  // Meant for the process that this one is a child of.
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined
  const intervalMs = Number(WATCHDOG_USEC) / 1000
  return intervalMs > 0 && Number.isFinite(intervalMs) ? intervalMs : undefined
}
