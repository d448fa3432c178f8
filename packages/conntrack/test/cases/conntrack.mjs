import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { openConntrack } from '@slatfatf/conntrack'

const servers = []

export async function readStatistics() {
  const conntrack = await openConntrack()
  try {
    return await conntrack.statistics()
  } finally {
    await conntrack.close()
  }
}

/** The addon is loaded before: it may lie where nobody can read it. */
export async function readStatisticsAsNobody() {
  const nobody = 65534
  process.setgroups([])
  process.setgid(nobody)
  process.setuid(nobody)
  return readStatistics()
}

/** Answers every connection with the address and port that it came from, and an end. */
export async function serve(address, port) {
  const server = createServer((socket) => socket.end(`${socket.remoteAddress} ${socket.remotePort}`))
  servers.push(server)
  server.listen(port, address)
  await once(server, 'listening')
}

/** Connects from a port of its own choice, and resolves with what the server says. */
export async function ask(localAddress, localPort, host, port) {
  const socket = connect({ localAddress, localPort, host, port })
  socket.setEncoding('utf8')
  let answer = ''
  for await (const text of socket) answer += text
  return answer
}
