// Express, restarted without a gap.
//
//   node express.mjs 8080 control.sock           serves; GET /slow takes as long as ?ms= says
//   npx restart --socket control.sock            starts the next version, which takes over
//   npx restart status --socket control.sock
import { createServer } from 'node:http'
import { openInstance } from '@slatfatf/restart'
import express from 'express'

const [port, control] = process.argv.slice(2)
const instance = await openInstance({ name: 'express', coordination: { path: control } })

const app = express()
app.get('/', (_, response) => response.json({ version: instance.generation, pid: process.pid }))
app.get('/slow', ({ query }, response) => {
  setTimeout(() => response.json({ version: instance.generation, pid: process.pid }), Number(query.ms))
})

// `app.listen()` would return a server that listens already; the drain wants to see its connections from the first on.
const server = createServer(app)
instance.drain.http('web', server)
const socket = await instance.listen('web', { host: '127.0.0.1', port: Number(port) })
server.listen(socket.listenOptions())
await instance.ready()
console.log(`version ${instance.generation}: port ${socket.address.port}`)
