import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Sends `bytes` over TCP to `peer`, which the reader of the device turns back to the server on `host`, and
 * resolves with whether they arrived unchanged, and from where they seemed to come.
 */
export async function transfer(host, peer, bytes) {
  const sent = randomBytes(bytes)
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const client = connect(server.address().port, peer)
  const [socket] = await once(server, 'connection')
  const remote = socket.remoteAddress
  const received = digestOf(socket)
  client.end(sent)
  const arrived = await received
  client.destroy()
  server.close()
  return { intact: arrived === digest(sent), remote }
}

/** As {@link transfer}, but both ends send `bytes` at the same time, so that data carries acknowledgments. */
export async function exchange(host, peer, bytes) {
  const server = createServer({ allowHalfOpen: true }).listen(0, host)
  await once(server, 'listening')
  const client = connect({ port: server.address().port, host: peer, allowHalfOpen: true })
  const [socket] = await once(server, 'connection')
  const [there, back] = [randomBytes(bytes), randomBytes(bytes)]
  const [arrivedThere, arrivedBack] = await Promise.all([
    digestOf(socket),
    digestOf(client),
    client.end(there),
    socket.end(back),
  ])
  client.destroy()
  socket.destroy()
  server.close()
  return { intact: arrivedThere === digest(there) && arrivedBack === digest(back) }
}

// By events: an iteration would destroy the socket at the end of what it reads, with what it has still to send.
async function digestOf(stream) {
  const hash = createHash('sha256')
  stream.on('data', (chunk) => hash.update(chunk))
  await once(stream, 'end')
  return hash.digest('hex')
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
