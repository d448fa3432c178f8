import { invalidType, invalidValue } from '../errors/arguments.js'
import { isReservation, type Reservation, type ReservationRecord, releasedError } from './reservation.js'

/** Reservations as another process can take them: `fds[i]` is the descriptor of `records[i]`. */
export interface PortableReservations {
  fds: number[]
  /** Plain data: JSON, structured clone and messages between processes keep it as it is. */
  records: ReservationRecord[]
}

/**
 * What another process needs to take reservations over: send `fds` by SCM_RIGHTS or as `stdio` of a child, `records` in any
 * way, and call {@link adopt} there.
 *
 * A name is held as long as any process has its descriptor open, so there is no gap: release here when the other side
 * has said that it has them. The descriptors stay those of the reservations; do not close them.
 *
 * @throws {TfoSocketError} `ERR_RELEASED`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`.
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}, SCM_RIGHTS
 */
export function fds(reservations: Iterable<Reservation>): PortableReservations {
  if (typeof reservations?.[Symbol.iterator] !== 'function') {
    throw invalidType('reservations', 'an iterable of reservations', reservations)
  }
  const portable: PortableReservations = { fds: [], records: [] }
  for (const reservation of reservations) {
    if (!isReservation(reservation)) {
      throw invalidValue('reservations', 'an iterable of reservations', reservation)
    }
    if (reservation.released) throw releasedError(reservation)
    portable.fds.push(reservation.fd)
    portable.records.push(reservation.toJSON())
  }
  return portable
}
