// TCP connections between namespaces, held until they are closed.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const sockets = new Map()

/** Tells each client from where it seems to come. */
export async function serve(host, port) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(`${socket.remoteAddress} ${socket.remotePort}\n`)
  })
  server.listen(port, host)
  await once(server, 'listening')
}

/** The same, and lets the client go. */
export async function greet(host, port) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${socket.remoteAddress} ${socket.remotePort}\n`)
  })
  server.listen(port, host)
  await once(server, 'listening')
}

/** Resolves to what the server sees of the client. */
export async function open(host, port, localAddress, localPort) {
  const socket = connect({ host, port, localAddress, localPort })
  sockets.set(localPort, socket)
  const [bytes] = await once(socket, 'data')
  return String(bytes).trim()
}

export async function send(localPort, bytes) {
  const socket = sockets.get(localPort)
  if (!socket.write(Buffer.alloc(bytes))) await once(socket, 'drain')
}
