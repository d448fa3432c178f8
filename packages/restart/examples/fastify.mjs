// Fastify, restarted without a gap.
//
//   node fastify.mjs 8080 control.sock           serves; GET /slow takes as long as ?ms= says
//   npx restart --socket control.sock            starts the next version, which takes over
//   npx restart status --socket control.sock
import { setTimeout } from 'node:timers/promises'
import { openInstance } from '@slatfatf/restart'
import Fastify from 'fastify'

const [port, control] = process.argv.slice(2)
const instance = await openInstance({ name: 'fastify', coordination: { path: control } })

const app = Fastify()
app.get('/', async () => ({ version: instance.generation, pid: process.pid }))
app.get('/slow', async ({ query }) => {
  await setTimeout(Number(query.ms))
  return { version: instance.generation, pid: process.pid }
})

// Before it listens. `app.close()` would answer 503 to what comes on open connections; the drain answers it.
instance.drain.http('web', app.server)
const socket = await instance.listen('web', { host: '127.0.0.1', port: Number(port) })
// Fastify hands these options on to `server.listen`, and closes the duplicate in them.
await app.listen(socket.listenOptions())
await instance.ready()
console.log(`version ${instance.generation}: port ${socket.address.port}`)

await instance.ended
// No connection is left: this runs the onClose hooks of the plugins.
await app.close()
