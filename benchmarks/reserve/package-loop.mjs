// The side under test: what native/reserve-loop.c does, with the same arguments, by @slatfatf/tfo-socket.
//
//   node --expose-gc package-loop.mjs FACE KIND PORTS LOCAL REMOTE FIRST LAST PREFILL COUNT EXPECT MILLISECONDS
//
// FACE is functions (reserveTuple, reservePort, reserveEchoId) or slice (createSlice, which remembers refusals).
import { once } from 'node:events'
import {
  createSlice,
  growDescriptorTable,
  reserveEchoId,
  reservePort,
  reserveTuple,
} from '@slatfatf/tfo-socket'

/** @typedef {{ release(): void }} Held */

const REMOTE_PORT = 443
const WARM_UP_MS = 200

const [face = '', kind = '', ports = '', local = '', remote = '', ...rest] = process.argv.slice(2)
const expect = rest[4]
const [first = 0, last = 0, prefill = 0, count = 0, , milliseconds = 0] = rest.map(Number)
const reserve = face === 'slice' ? reserveInSlice() : chooseFunction()

// Otherwise some reservations of the first pass take 6 to 14 ms.
growDescriptorTable(prefill + count + 64)

if (expect === 'held') {
  await holdUntilTold()
} else {
  for (let index = 0; index < prefill; index += 1) reserveOrFail(index)
  passesFor(WARM_UP_MS)
  console.log(JSON.stringify(passesFor(milliseconds)))
}

/** @returns {(index: number) => Held | undefined} Undefined where the kernel refused. */
function chooseFunction() {
  const range = { first, last }
  const portOf = (/** @type {number} */ index) => (ports === 'named' ? first + index : first)
  const remotePortOf = (/** @type {number} */ index) => (ports === 'shared' ? 1 + index : REMOTE_PORT)
  const portsOf = (/** @type {number} */ index) => (ports === 'picked' ? range : portOf(index))
  const tuple = (/** @type {number} */ index) =>
    reserveTuple({
      address: local,
      ports: portsOf(index),
      remoteAddress: remote,
      remotePort: remotePortOf(index),
    })
  /** @param {'tcp' | 'udp'} protocol */
  const port = (protocol) => (/** @type {number} */ index) =>
    reservePort({ protocol, address: local, ports: portsOf(index) })

  if (kind === 'tuple') return orUndefined(tuple)
  if (kind === 'watched') return orUndefined((index) => watch(tuple(index)))
  if (kind === 'tcp' || kind === 'udp') return orUndefined(port(kind))
  if (kind === 'echo') return orUndefined((index) => reserveEchoId({ address: local, id: 1 + index }))
  throw new RangeError(`the package has no ${kind}`)
}

/** @returns {(index: number) => Held | undefined} */
function reserveInSlice() {
  const slice = createSlice({ address: local, ports: { first, last } })
  if (kind === 'tuple') return () => slice.reserveTuple(remote, REMOTE_PORT)
  if (kind === 'tcp' || kind === 'udp') return () => slice.reservePort(kind)
  throw new RangeError(`the benchmark has no ${kind} in a slice`)
}

/** @param {import('@slatfatf/tfo-socket').Reservation} reservation */
function watch(reservation) {
  reservation.watch(() => {})
  return reservation
}

/**
 * @param {(index: number) => Held} make
 * @returns {(index: number) => Held | undefined}
 */
function orUndefined(make) {
  return (index) => {
    try {
      return make(index)
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      if (code === 'EADDRNOTAVAIL' || code === 'EADDRINUSE') return undefined
      throw error
    }
  }
}

/** @param {number} index */
function reserveOrFail(index) {
  const reservation = reserve(index)
  if (reservation === undefined) throw new Error(`reservation ${index} was refused`)
  return reservation
}

/** @param {number} milliseconds */
function passesFor(milliseconds) {
  const pass = expect === 'refused' ? refusedPass : grantedPass
  const end = performance.now() + milliseconds
  let passes = 0
  let reserving = 0
  let releasing = 0
  do {
    const { reserveMs, releaseMs } = pass()
    reserving += reserveMs
    releasing += releaseMs
    passes += 1
  } while (performance.now() < end)
  const attempts = passes * count
  return {
    attempts,
    reserveMicros: (reserving * 1e3) / attempts,
    releaseMicros: (releasing * 1e3) / attempts,
  }
}

function grantedPass() {
  /** @type {Held[]} */
  const held = []
  const start = performance.now()
  for (let index = prefill; index < prefill + count; index += 1) held.push(reserveOrFail(index))
  const middle = performance.now()
  for (const reservation of held) reservation.release()
  return { reserveMs: middle - start, releaseMs: performance.now() - middle }
}

function refusedPass() {
  const start = performance.now()
  for (let index = 0; index < count; index += 1) {
    if (reserve(index % prefill) !== undefined) throw new Error('was not refused')
  }
  return { reserveMs: performance.now() - start, releaseMs: 0 }
}

/** Says in the end how much of the heap, and of what hangs on it, each reservation takes. */
async function holdUntilTold() {
  // The first ones also load the addon and compile the functions.
  for (let index = 0; index < 100; index += 1) reserveOrFail(index).release()
  /** @type {(Held | undefined)[]} */
  const held = new Array(count).fill(undefined)
  const told = once(process, 'SIGUSR2')
  const keepAlive = setInterval(() => {}, 60_000)
  console.log('ready')
  await told
  const before = readUserBytes()
  for (let index = 0; index < count; index += 1) held[index] = reserveOrFail(index)
  const userBytes = (readUserBytes() - before) / count
  console.log(`${JSON.stringify({ userBytes })}\nheld`)
  await once(process, 'SIGTERM')
  clearInterval(keepAlive)
  for (const reservation of held) reservation?.release()
}

function readUserBytes() {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
