import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream/promises'

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
  const hash = createHash('sha256')
  const received = pipeline(socket, hash)
  client.end(sent)
  await received
  const remote = socket.remoteAddress
  client.destroy()
  server.close()
  const expected = createHash('sha256').update(sent).digest('hex')
  return { intact: hash.digest('hex') === expected, remote }
}
