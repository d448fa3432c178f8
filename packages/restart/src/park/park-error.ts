import { errnoError, RestartError } from '../errors/restart-error.js'

export const parkCodes = {
  closed: 'ERR_RESTART_PARK_CLOSED',
  empty: 'ERR_RESTART_PARK_EMPTY',
  foreign: 'ERR_RESTART_PARK_FOREIGN',
  full: 'ERR_RESTART_PARK_FULL',
  tooMany: 'ERR_RESTART_TOO_MANY_DESCRIPTORS',
} as const

type ParkCode = (typeof parkCodes)[keyof typeof parkCodes]

const hints: Record<ParkCode, string> = {
  [parkCodes.closed]: 'Park again, or open the ends with openParked',
  [parkCodes.empty]: 'Somebody took the descriptors before, or an end of the pair was closed everywhere',
  [parkCodes.foreign]: 'Both ends must be those that park() returned, whatever their order',
  [parkCodes.full]: 'Use several parks, or raise the sysctl net.core.wmem_max',
  [parkCodes.tooMany]:
    'Nothing was taken. Let the process open more descriptors: ulimit -n, or LimitNOFILE= in the unit',
}

export function refusedPark(code: ParkCode, what: string): RestartError {
  return new RestartError(`${what} [${code}]. ${hints[code]}`, { code, hint: hints[code] })
}

/** asm-generic/errno.h; Node has no name for it. */
const tooManyReferences = -109

/** `result` is the -errno of a send; nothing that was to be parked has been closed. */
export function sendRefusal(result: number, operation: string): RestartError {
  if (result === tooManyReferences) {
    const hint =
      'Without CAP_SYS_RESOURCE all parked descriptors of one user may be as many as one process may open: raise ulimit -n or LimitNOFILE=, or close what is parked elsewhere'
    return new RestartError(`Cannot ${operation}: too many are in queues already [ETOOMANYREFS]. ${hint}`, {
      code: 'ETOOMANYREFS',
      errno: result,
      syscall: 'sendmsg',
      hint,
    })
  }
  const refused = errnoError(result, operation, undefined, { syscall: 'sendmsg' })
  if (refused.code === 'EAGAIN') return refusedPark(parkCodes.full, `Cannot ${operation}: the queue is full`)
  return refused
}
