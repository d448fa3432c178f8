import type { HeldName, Reservation } from './reservation.js'

/** A FinalizationRegistry costs 0.05 µs a reservation as long as nothing is unregistered: a released name is told by its fd. */
const registry = new FinalizationRegistry<HeldName>(({ record, fd }) => {
  if (fd < 0) return
  const remote =
    record.remoteAddress === undefined ? '' : ` to ${record.remoteAddress} port ${record.remotePort}`
  process.emitWarning(
    `A reservation of kind ${record.kind}, ${record.protocol} ${record.address} port ${record.port}${remote}, was ` +
      'forgotten without release(). It stays held until the process ends.',
    { type: 'TfoSocketWarning', code: 'TFO_SOCKET_FORGOTTEN' },
  )
})

/**
 * Warns when the reservation is collected while it holds its name. It is not released then: whoever forwards packets by
 * this name may have kept nothing but the number, and a name that somebody else gets unseen is worse than one too many.
 */
export function warnIfForgotten(reservation: Reservation, held: HeldName): void {
  registry.register(reservation, held)
}
