// Leases one UDP port of a range for as long as it runs. Start it twice: the second process gets another port.
//
//   node lease-a-port.mjs 192.0.2.1 9000 9009
import { isTfoSocketError, reservePort } from '@slatfatf/tfo-socket'

const [address, first, last] = process.argv.slice(2)
const ports = { first: Number(first), last: Number(last) }

try {
  const lease = reservePort({ protocol: 'udp', address, ports })
  console.log(`leased ${lease.address}:${lease.port}`)

  // A lease is not a reason to keep running; waiting for the signal is. Even without release() the port would be free
  // when the process ends, however it ends.
  const end = setInterval(() => {}, 60_000)
  process.once('SIGTERM', () => {
    lease.release()
    clearInterval(end)
    console.log('given back')
  })
} catch (error) {
  if (!isTfoSocketError(error) || !error.full) throw error
  console.log(`every port from ${first} to ${last} is leased`)
  process.exitCode = 1
}
