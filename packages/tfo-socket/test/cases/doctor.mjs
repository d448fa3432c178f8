// What tests of doctor() and isSupported() do inside a namespace.
import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  doctor,
  isSupported,
  reserveEchoId,
  reservePort,
  reserveRepair,
  reserveTuple,
} from '@slatfatf/tfo-socket'

const functions = { tuple: reserveTuple, port: reservePort, 'echo-id': reserveEchoId, repair: reserveRepair }
const held = new Set()

export { doctor, isSupported }

/** Holds as many as there is room for until reset(). */
export function fill(kind, options) {
  for (let count = 0; ; count += 1) {
    try {
      reserve(kind, options)
    } catch (error) {
      if (error.code !== 'EMFILE') throw error
      return count
    }
  }
}

/** Holds `count` of them until reset(). */
export function reserve(kind, options, count = 1) {
  for (let i = 0; i < count; i += 1) {
    const reservation = functions[kind](options)
    held.add(() => reservation.release())
  }
}

export async function listen(address, port) {
  const server = createServer()
  server.listen(port, address)
  await once(server, 'listening')
  held.add(() => new Promise((resolve) => server.close(resolve)))
}

export function becomeNobody() {
  process.setgroups([])
  process.setgid(65534)
  process.setuid(65534)
}

export async function reset() {
  for (const release of held) await release()
  held.clear()
}
