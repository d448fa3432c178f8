import { setImmediate } from 'node:timers/promises'
import { invalidType } from '../errors/arguments.js'
import type { Reservation } from './reservation.js'

/** How long one turn of the event loop may be held. */
const turnMs = 1
/** How many are released between two looks at the clock. */
const strideCount = 16

/**
 * Releases many reservations, about 200 in each turn of the event loop, so that nothing else waits for more than about 1 ms.
 *
 * Closing 2,048 sockets at once takes 11 ms. Resolves when all are released; those that were released before are
 * skipped. If some could not be closed, the rest is released all the same. Later changes of the iterable are not seen.
 *
 * @throws {AggregateError} of {@link TfoSocketError}: `EBADF`, see {@link Reservation.release}.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`.
 */
export async function releaseAll(reservations: Iterable<Reservation>): Promise<void> {
  if (typeof reservations?.[Symbol.iterator] !== 'function') {
    throw invalidType('reservations', 'an iterable of reservations', reservations)
  }
  const errors: unknown[] = []
  let released = 0
  let turnStart = performance.now()
  for (const reservation of [...reservations]) {
    try {
      reservation.release()
    } catch (error) {
      errors.push(error)
    }
    released += 1
    if (released % strideCount !== 0 || performance.now() - turnStart < turnMs) continue
    await setImmediate()
    turnStart = performance.now()
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} reservations could not be closed`)
}
