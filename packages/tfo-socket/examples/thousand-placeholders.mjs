// Holds as many source ports as there are, up to 1,000, for connections to one remote: what a NAT does that makes the
// packets itself. Nothing is sent.
//
//   node thousand-placeholders.mjs 192.0.2.1 9000 9999 198.51.100.7 443
import { growDescriptorTable, isTfoSocketError, releaseAll, reserveTuple } from '@slatfatf/tfo-socket'

const [address, first, last, remoteAddress, remotePort] = process.argv.slice(2)
const ports = { first: Number(first), last: Number(last) }
const remote = { remoteAddress, remotePort: Number(remotePort) }

// Each placeholder is a descriptor. Room for all at once saves the stalls in which the kernel doubles the table.
growDescriptorTable(1_100)

/** By port, as a NAT looks them up. */
const placeholders = new Map()

while (placeholders.size < 1_000) {
  try {
    // The kernel picks a port that nobody has for this remote.
    const placeholder = reserveTuple({ address, ports, ...remote })
    placeholders.set(placeholder.port, placeholder)
    // Costs nothing as long as nothing happens. By the time it is told the placeholder has been released.
    placeholder.watch(({ port }, { message }) => {
      placeholders.delete(port)
      console.log(message)
    })
  } catch (error) {
    if (!isTfoSocketError(error) || !error.full) throw error
    break
  }
}
console.log(`holding ${placeholders.size} ports for ${remoteAddress}:${remotePort}`)

// Closing a thousand sockets takes some milliseconds; this lets other work have its turn in between.
await releaseAll(placeholders.values())
console.log('released')
