import { closeSync, writeSync } from 'node:fs'
import { checkInteger } from '../errors/invalid-argument.js'
import { systemError } from '../errors/restart-error.js'

/**
 * Tells a supervisor of the s6 family that the service is ready: a newline to the descriptor that its `notification-fd` file names, which
 * is closed then. Call it once; instances after a restart do not have the descriptor.
 *
 * Equals `echo >&3` for descriptor 3.
 *
 * @throws TypeError, RangeError; RestartError with an errno: `EBADF` if the supervisor has not opened the descriptor
 */
export function notifyReadiness(fd: number): void {
  checkInteger('fd', fd, 0x7fffffff)
  try {
    writeSync(fd, '\n')
    closeSync(fd)
  } catch (error) {
    throw systemError(
      error,
      `tell readiness to descriptor ${fd}`,
      'It must be the number in the notification-fd file of the service',
    )
  }
}
