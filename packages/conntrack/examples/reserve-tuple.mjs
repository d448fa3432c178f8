// Takes a tuple in the table before it connects, so that no NAT of this host can move the connection to another port.
//   node reserve-tuple.mjs 198.51.100.10 9000-9009 203.0.113.1 443
import { once } from 'node:events'
import { connect } from 'node:net'
import { openConntrack, prepareTcp } from '@slatfatf/conntrack'

const [source, ports, destination, destinationPort] = process.argv.slice(2)
const [first, last] = ports.split('-').map(Number)
const table = await openConntrack()

for (let sourcePort = first; sourcePort <= last; sourcePort++) {
  const flow = prepareTcp({
    original: { source, destination, sourcePort, destinationPort: Number(destinationPort) },
    timeoutSeconds: 10,
  })
  try {
    await table.create(flow)
  } catch (error) {
    // 'original': a socket has it. 'reply': somebody is translated to it, which connect() would never have told.
    if (error.code !== 'EEXIST') throw error
    console.log(`${sourcePort} is taken (${error.collision})`)
    continue
  }
  try {
    const socket = connect({
      host: destination,
      port: Number(destinationPort),
      localAddress: source,
      localPort: sourcePort,
    })
    await once(socket, 'connect')
    console.log(`connected from ${socket.localPort}`)
    for await (const bytes of socket) process.stdout.write(bytes)
  } catch (error) {
    // Nobody else would free it before its time.
    await table.delete(flow)
    console.log(`${error.code}, and ${sourcePort} is free again`)
  }
  break
}
await table.close()
