// Who may hold a name, and who may want it: every actor opens one socket on `ends.port`. Those that are not
// reservations are the ordinary ones of ordinary.py.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { reserveEchoId, reservePort, reserveRepair, reserveTuple } from '@slatfatf/tfo-socket'

const remotePorts = { same: 443, other: 444 }
const reservations = []

const script = fileURLToPath(new URL('./ordinary.py', import.meta.url))
const ordinary = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] })
const answers = createInterface({ input: ordinary.stdout })[Symbol.asyncIterator]()

const tuple = (options) => (ends, to) => reserveTuple({ ...tupleOf(ends, to), ...options })
const repair = (options) => (ends, to) => reserveRepair({ ...tupleOf(ends, to), ...options })
const port = (options) => (ends) => reservePort({ address: ends.address, ports: ends.port, ...options })
const echoId = (options) => (ends) => reserveEchoId({ address: ends.address, id: ends.port, ...options })

const reserving = {
  tuple: tuple(),
  'tuple second': (ends, to) => tuple({ address: ends.second })(ends, to),
  'shared tuple': tuple({ shared: true }),
  'device tuple': tuple({ device: 'd0' }),
  'shared device tuple': tuple({ device: 'd0', shared: true }),
  repair: repair(),
  'device repair': repair({ device: 'd0' }),
  'TCP port': port({ protocol: 'tcp' }),
  'shared TCP port': port({ protocol: 'tcp', shared: true }),
  'device TCP port': port({ protocol: 'tcp', device: 'd0' }),
  'UDP port': port({ protocol: 'udp' }),
  'shared UDP port': port({ protocol: 'udp', shared: true }),
  'echo id': echoId(),
  'shared echo id': echoId({ shared: true }),
}

function tupleOf({ address, port, origin }, to) {
  return { address, ports: port, remoteAddress: origin, remotePort: remotePorts[to] }
}

/** Opens the actor's socket, which stays open until letGo(). */
export async function hold(actor, ends) {
  const said = await tryToOpen(actor, ends, 'same', true)
  if (said !== 'allowed') throw new Error(`${actor} cannot hold ${ends.address} port ${ends.port}: ${said}`)
}

/** What the kernel says to the actor: allowed, or the error and the call that gave it. */
export async function attempt(actor, ends, to = 'same') {
  try {
    return await tryToOpen(actor, ends, to, false)
  } finally {
    await letGo()
  }
}

export async function letGo() {
  for (const reservation of reservations.splice(0)) reservation.release()
  await askOrdinary({ close: true })
}

/** Both remotes of the actors. */
export async function serve(address) {
  for (const port of Object.values(remotePorts)) {
    const server = createServer((socket) => socket.resume().on('error', () => {}))
    await once(server.listen(port, address), 'listening')
  }
}

async function tryToOpen(actor, ends, to, hold) {
  if (!(actor in reserving)) return askOrdinary({ open: actor, ends, to, hold })
  try {
    reservations.push(reserving[actor](ends, to))
    return 'allowed'
  } catch ({ code, syscall }) {
    return `${code} ${syscall}`
  }
}

async function askOrdinary(question) {
  ordinary.stdin.write(`${JSON.stringify(question)}\n`)
  const { value, done } = await answers.next()
  if (done) throw new Error('ordinary.py has ended')
  return value
}
