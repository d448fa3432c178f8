// The package twice in one thread, as a program has it that imports it while one of its dependencies requires it.
import { createRequire } from 'node:module'
import * as imported from '@slatfatf/tfo-socket'

const required = createRequire(import.meta.url)('@slatfatf/tfo-socket')
const held = []

export function areTwo() {
  return imported.Reservation !== required.Reservation
}

/** One copy reserves on a device, then the other without; the descriptors. */
export function reserveByEach(first, second) {
  held.push(imported.reserveTuple(first), required.reserveTuple(second))
  return held.map(({ fd }) => fd)
}

/** Of a reservation of one copy, what the other copy says. */
export function recordsOfTheOther() {
  return imported.fds([held[1]]).records
}

export function adoptFromTheOther() {
  return required.adopt(imported.fds([held[0]]))
}

export async function promoteByTheOther() {
  const [, reservation] = held
  const error = await imported.promote(reservation).catch((error) => error)
  return { code: error.code, syscall: error.syscall, released: reservation.released }
}

export function reset() {
  for (const reservation of held.splice(0)) reservation.release()
}
