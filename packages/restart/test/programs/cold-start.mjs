// Says "ready"; when told to, begins to listen on a path, says how that went, and stays until its input ends.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { openListenSocket } from '@slatfatf/restart'

console.log('ready')
await once(process.stdin, 'data')
try {
  const socket = await openListenSocket('main', { path: process.argv[2], mode: 0o600 })
  const server = createServer((connection) => connection.end(`${process.pid}`))
  server.listen(socket.listenOptions())
  await once(server, 'listening')
  console.log('won')
} catch (error) {
  console.log(error.code)
}
await once(process.stdin, 'end')
process.exit()
