// Asks an echo server again and again, each time over a new connection, and measures the time to the first byte of the
// answer. Then it asks a second time over the same connection, which takes one round trip.
//
//   node client.mjs plain|no-cookie|cookie ADDRESS PORT MILLISECONDS
//
// Prints the medians as JSON.
import { once } from 'node:events'
import { connect as connectPlainly } from 'node:net'
import { connect } from '@slatfatf/tfo-socket'
import { median } from '../../harness/statistics.mjs'

/** The functions are compiled in them, and the cookie is fetched. */
const WARM_UP_REQUESTS = 3

const [mode, host = '', portText, millisecondsText] = process.argv.slice(2)
const port = Number(portText)
const data = Buffer.alloc(64, 'x')

/** @type {number[]} */
const firstBytes = []
/** @type {number[]} */
const roundTrips = []
for (let request = 0; request < WARM_UP_REQUESTS; request += 1) await ask()
const end = performance.now() + Number(millisecondsText)
do {
  const { firstByteMs, roundTripMs } = await ask()
  firstBytes.push(firstByteMs)
  roundTrips.push(roundTripMs)
} while (performance.now() < end)
const requests = firstBytes.length
console.log(JSON.stringify({ requests, firstByteMs: median(firstBytes), roundTripMs: median(roundTrips) }))

async function ask() {
  const start = performance.now()
  const socket = mode === 'plain' ? askPlainly() : await askFast()
  await once(socket, 'data')
  const middle = performance.now()
  socket.write(data)
  await once(socket, 'data')
  const roundTripMs = performance.now() - middle
  socket.destroy()
  return { firstByteMs: middle - start, roundTripMs }
}

function askPlainly() {
  const socket = connectPlainly({ host, port })
  socket.write(data)
  return socket
}

function askFast() {
  return connect({ host, port, data, fastOpen: mode === 'no-cookie' ? 'no-cookie' : true })
}
