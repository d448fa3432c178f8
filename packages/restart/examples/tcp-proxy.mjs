// A TCP proxy. Connections through the version before go on until they end, an hour at most; new ones go through the next.
//
//   node tcp-proxy.mjs 8080 example.org:80 control.sock
//   npx restart --socket control.sock
//   npx restart status --socket control.sock    tells which versions still have connections
import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'
import { openInstance } from '@slatfatf/restart'

const [port, upstream, control] = process.argv.slice(2)
const [host, upstreamPort] = upstream.split(':')

const instance = await openInstance({
  name: 'tcp-proxy',
  coordination: { path: control },
  drainTimeoutMs: 3_600_000,
  // With one more restart than this in the hour, the oldest version is ended.
  maxDraining: 8,
})

let connections = 0
// Each direction ends by itself; an error in one ends both.
const server = createServer({ allowHalfOpen: true }, (client) => {
  connections += 1
  const origin = connect({ host, port: Number(upstreamPort), allowHalfOpen: true })
  const endBoth = (error) => {
    if (error) for (const socket of [client, origin]) socket.destroy()
  }
  pipeline(client, origin, endBoth)
  pipeline(origin, client, endBoth)
})
instance.drain.net('proxy', server)

const socket = await instance.listen('proxy', { host: '127.0.0.1', port: Number(port) })
server.listen(socket.listenOptions())
await instance.ready()
console.log(`version ${instance.generation}: port ${socket.address.port}`)

const { drain } = await instance.ended
const cut = drain.cut.reduce((sum, { count }) => sum + count, 0)
console.log(`version ${instance.generation} has ended: ${connections} connections, ${cut} of them cut`)
