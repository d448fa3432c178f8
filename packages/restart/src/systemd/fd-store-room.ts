import { RestartError } from '../errors/restart-error.js'

const hint =
  'Set FileDescriptorStoreMax= in the [Service] section of the unit, then systemctl daemon-reload and restart'

/**
 * How many descriptors the service manager keeps for this service, as far as it says so; undefined if it cannot be known.
 *
 * `$FDSTORE` is set since systemd 254, and only when the store is on. `$MEMORY_PRESSURE_WATCH` is as old, so where there is only that
 * one the store is off. Where there is neither, the manager may be older.
 */
export function fdStoreRoom(env: NodeJS.ProcessEnv): number | undefined {
  const { FDSTORE, MEMORY_PRESSURE_WATCH } = env
  if (FDSTORE !== undefined && /^\d+$/.test(FDSTORE)) return Number(FDSTORE)
  return MEMORY_PRESSURE_WATCH === undefined ? undefined : 0
}

/** Throws when it is certain that the service manager would throw descriptors away: it does so in silence. */
export function checkFdStoreRoom(room: number | undefined, name: string, count: number): void {
  if (room === 0) {
    throw new RestartError(
      `Cannot store ${name}: the service manager keeps no descriptors for this service`,
      {
        code: 'ERR_RESTART_FD_STORE_OFF',
        hint,
      },
    )
  }
  if (room !== undefined && count > room) {
    throw new RestartError(`Cannot store ${name}: ${count} descriptors, and the store has room for ${room}`, {
      code: 'ERR_RESTART_FD_STORE_FULL',
      hint,
    })
  }
}
