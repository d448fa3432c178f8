// Hands reservations over to a child of its own, and tries without a pause to get what others hold.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fds, reserveEchoId, reservePort, reserveRepair, reserveTuple } from '@slatfatf/tfo-socket'
import { reservations } from './sockets.mjs'

export * from './sockets.mjs'

const functions = { tuple: reserveTuple, repair: reserveRepair, port: reservePort, 'echo-id': reserveEchoId }
let heir
let trying

/** The heir has the descriptors of these reservations from 4 on. Returns its pid, and the records. */
export async function startHeir(ids) {
  const portable = fds(ids.map((id) => reservations.get(id)))
  heir = spawn(process.execPath, [fileURLToPath(new URL('./heir.mjs', import.meta.url))], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...portable.fds],
  })
  await once(heir, 'message')
  return { pid: heir.pid, records: portable.records, fds: portable.fds.map((_, i) => 4 + i) }
}

export async function askHeir(command, argument) {
  const reply = once(heir, 'message')
  heir.send({ command, argument })
  const [{ value, error }] = await reply
  if (error !== undefined) throw Object.assign(new Error(error.message), error)
  return value
}

export async function endHeir() {
  heir.kill()
  await once(heir, 'exit')
}

/** Asks for each of these names in turn, again and again, until stopTrying(). */
export function startTrying(names) {
  trying = { rounds: 0, got: [], stopped: false }
  tryAgain(names, trying)
}

async function tryAgain(names, state) {
  while (!state.stopped) {
    for (const { kind, options } of names) {
      try {
        functions[kind](options).release()
        state.got.push(kind)
      } catch {
        // Refused, as it should be.
      }
    }
    state.rounds += 1
    await setImmediate()
  }
}

export function roundsTried() {
  return trying.rounds
}

export function stopTrying() {
  trying.stopped = true
  return trying.got
}
