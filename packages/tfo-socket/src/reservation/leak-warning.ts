import type { HeldName, Reservation, ReservationRecord } from './reservation.js'

/** Nothing is unregistered, which makes it cheap: what was released is told by its descriptor. */
const registry = new FinalizationRegistry<HeldName>(({ record, fd }) => {
  if (fd >= 0) forget(record)
})

/**
 * A FinalizationRegistry costs a program that reserves and releases all the time 0.8 µs a reservation, most of it garbage
 * collection. So all are watched in programs that have few, and one in sixteen where there are many: a leak goes on.
 */
const allOfTheFirst = 1000
const thenOneIn = 16

let count = 0
let first: ReservationRecord | undefined
let others = 0

/**
 * Warns when the reservation is collected while it holds its name. It is not released then: whoever forwards packets by
 * this name may have kept nothing but the number, and a name that somebody else gets unseen is worse than one too many.
 */
export function warnIfForgotten(reservation: Reservation, held: HeldName): void {
  count += 1
  if (count <= allOfTheFirst || count % thenOneIn === 0) registry.register(reservation, held)
}

/** A collection finds many at once: one warning tells of all of them. */
function forget(record: ReservationRecord): void {
  if (first !== undefined) {
    others += 1
    return
  }
  first = record
  setImmediate(warn)
}

function warn(): void {
  const { kind, protocol, address, port, remoteAddress, remotePort } = first!
  const remote = remoteAddress === undefined ? '' : ` to ${remoteAddress} port ${remotePort}`
  const name = `${kind}, ${protocol} ${address} port ${port}${remote}`
  const more = others === 0 ? '' : `, and ${others} more`
  first = undefined
  others = 0
  process.emitWarning(
    `A reservation was forgotten without release(): ${name}${more}. It stays held until the process ends.`,
    { type: 'TfoSocketWarning', code: 'TFO_SOCKET_FORGOTTEN' },
  )
}
