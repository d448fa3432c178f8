// One instance of a UDP service: udp-generation.mjs GENERATION LINKS. Descriptor 3 is the socket, those from 4 on
// are the links. What happens is told on stdout, one JSON a line.
//   SIGUSR2  start the next instance, and stop accepting when it is ready
//   SIGUSR1  tell the counters
//   SIGTERM  close
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openUdpServer } from '@slatfatf/restart'

const [generation, links] = process.argv.slice(2).map(Number)
const tell = (event, more = {}) =>
  process.stdout.write(`${JSON.stringify({ generation, pid: process.pid, event, ...more })}\n`)

const server = openUdpServer(
  { fd: 3 },
  {
    onSession(session) {
      let count = 0
      session.onMessage = (message) => {
        const text = String(message)
        session.send(`${generation} ${count++} ${text}`)
        if (text.startsWith('bye')) session.close()
      }
    },
    idleMs: 60_000,
    receiveBufferBytes: 4 * 1024 * 1024,
    predecessor: Array.from({ length: links }, (_, index) => 4 + index),
  },
)
server.started.then(() => tell('reading'))

process.on('SIGUSR2', () => {
  const succession = server.prepareSuccessor()
  const args = [fileURLToPath(import.meta.url), String(generation + 1), String(succession.fds.length)]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 3, ...succession.fds, 'ipc'],
  })
  succession.passed()
  child.once('message', () => {
    server.stopAccepting()
    child.disconnect()
    child.unref()
    tell('stopped')
  })
})
process.on('SIGUSR1', () =>
  tell('counters', { counters: server.counters, sessions: server.sessions.size, state: server.state }),
)
process.on('SIGTERM', () => {
  server.close()
  process.exit(0)
})

tell('open')
process.send?.('ready')
