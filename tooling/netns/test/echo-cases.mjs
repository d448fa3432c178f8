import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** Answers every datagram with its own bytes; resolves with the port. */
export async function serve(address) {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, peer) => socket.send(bytes, peer.port, peer.address))
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket.address().port
}

/** Resolves with the answer to one datagram and the address that gave it. */
export async function ask(address, port, bytes) {
  const socket = createSocket('udp4')
  try {
    socket.send(bytes, port, address)
    const [answer, peer] = await once(socket, 'message')
    return { answer: new Uint8Array(answer), from: peer.address }
  } finally {
    socket.close()
  }
}
