import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

let arrived

/** Listens for one connection that is read to its end; resolves with the port. */
export async function listen(host) {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  arrived = once(server, 'connection').then(async ([socket]) => {
    const hash = createHash('sha256')
    for await (const chunk of socket) hash.update(chunk)
    server.close()
    return hash.digest('hex')
  })
  return server.address().port
}

/** The digest of what came over that connection. */
export function received() {
  return arrived
}

/** Sends `bytes` that nobody can guess, and resolves with their digest when all are acknowledged. */
export async function send(host, port, bytes) {
  const sent = randomBytes(bytes)
  const socket = connect(port, host)
  socket.resume().end(sent)
  await once(socket, 'close')
  return createHash('sha256').update(sent).digest('hex')
}
