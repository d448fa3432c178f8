// Reservations that nobody keeps; needs --expose-gc.
import { setImmediate } from 'node:timers/promises'
import { fds, reserveEchoId, reservePort, reserveRepair, reserveTuple } from '@slatfatf/tfo-socket'

const functions = { tuple: reserveTuple, repair: reserveRepair, port: reservePort, 'echo-id': reserveEchoId }
const warnings = []
process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }))

/** Keeps nothing of the reservation but its descriptor number. */
export function forget(kind, options, { release = false, watch = false } = {}) {
  const reservation = functions[kind](options)
  if (watch) reservation.watch(() => {})
  if (release) reservation.release()
  return fds(release ? [] : [reservation]).fds
}

/** The warnings so far, once what nobody keeps has been collected: another object of the same age is gone. */
export async function collectAndTell() {
  let collected = false
  const registry = new FinalizationRegistry(() => {
    collected = true
  })
  registry.register({}, undefined)
  while (!collected) {
    gc()
    await setImmediate()
  }
  await setImmediate()
  return warnings
}
