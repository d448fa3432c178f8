import { getSystemErrorName } from 'node:util'
import { binding, outcome } from '../binding.js'
import { isTaken, type Request, refusal } from '../errors/refusal.js'
import { pickedOutside, requireStillPickable } from '../kernel/port-range.js'

/**
 * The error for a reservation that the kernel refused, or granted outside the range that was asked for. The latter is
 * closed first; it happens when the sysctl is narrowed between our look at it and the call.
 */
export function rejectPort(result: number, request: Request, ranged: boolean): Error {
  if (result >= 0) {
    binding().close(result)
    return pickedOutside(request.first, request.last)
  }
  if (isTaken(getSystemErrorName(result), binding().stepNames[outcome[1]!]!)) {
    requireStillPickable(request.first, request.last)
  }
  return refusal(result, request, ranged)
}
