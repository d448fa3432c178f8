// A UDP server with sessions. At a restart a peer stays with the version that it began with, and new peers come to the next.
//
//   node udp-echo.mjs 7007 control.sock       answers each message, and ends a session at "bye"
//   npx restart --socket control.sock         (nc -u 127.0.0.1 7007 speaks to it, before and after)
//   npx restart status --socket control.sock  tells which versions still have sessions
import { openInstance, openUdpServer } from '@slatfatf/restart'

const [port, control] = process.argv.slice(2)
// A session may take an hour; the version that has it lives so long, beside the ones that came after it.
const hourMs = 3_600_000
const instance = await openInstance({ coordination: { path: control }, drainTimeoutMs: hourMs })

const socket = await instance.listen('echo', { udp: true, host: '127.0.0.1', port: Number(port) })
const server = openUdpServer(socket, {
  idleMs: 60_000,
  // Through these the version before gives the socket over, and gets what its peers send from then on.
  predecessor: await instance.take('sessions'),
  onSession(session) {
    let count = 0
    session.onMessage = (message) => {
      const text = String(message).trim()
      count += 1
      session.send(`${text} (message ${count}, version ${instance.generation})\n`)
      if (text === 'bye') session.close()
    }
  },
})
instance.udp('sessions', server)

await instance.ready()
console.log(`version ${instance.generation}: port ${socket.address.port}`)
await instance.ended
console.log(`version ${instance.generation} has ended`)
