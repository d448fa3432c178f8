// Connects again and again from a slice of an address's ports, until the slice is full for this remote. Run it twice with
// two slices: the programs share the address and never meet.
//   node share-an-address.mjs 192.0.2.1 9000 9004 198.51.100.7 7007
import { connect, isTfoSocketError } from '@slatfatf/tfo-socket'

const [localAddress, first, last, host, port] = process.argv.slice(2)
const localPorts = { first: Number(first), last: Number(last) }

const sockets = []
try {
  for (;;) sockets.push(await connect({ localAddress, localPorts, host, port: Number(port) }))
} catch (error) {
  if (!isTfoSocketError(error) || !error.full) throw error
  const ports = sockets.map((socket) => socket.localPort).sort((a, b) => a - b)
  console.log(`${ports.length} connections from ${localAddress}, ports ${ports.join(' ')}; then it was full`)
}
for (const socket of sockets) socket.destroy()
