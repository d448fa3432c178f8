/**
 * The servers of the lab's internet. HTTP on 80 and UDP on 7 answer with the source they saw; TCP on the other ports greets with it
 * and then echoes.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'

/** Ports that greet and echo; scenes use one each, so that they do not share destinations. */
export const ECHO_PORTS = [8081, 8082, 8083, 8084, 8085] as const

const http = createHttpServer((request, response) => {
  response.end(`${request.socket.remoteAddress}:${request.socket.remotePort}\n`)
}).listen(80, '0.0.0.0')
await once(http, 'listening')

for (const port of ECHO_PORTS) {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(`${socket.remoteAddress}:${socket.remotePort}\n`)
    socket.pipe(socket)
  }).listen(port, '0.0.0.0')
  await once(server, 'listening')
}

const udp = createSocket('udp4')
udp.on('message', (message, { address, port }) =>
  udp.send(`${message} from ${address}:${port}`, port, address),
)
udp.bind(7)
await once(udp, 'listening')

process.on('disconnect', () => process.exit())
process.send?.('ready')
