// Counts requests in memory that outlives the process: neither a restart nor a crash (kill -9) loses one, and no client is
// refused a connection while nobody serves. SIGTERM ends it all.
//
//   until node crash-proof-counter.mjs 8080; do :; done     starts it again after a crash
//   npx restart --socket control.sock                       (and with the first process, which ends then, ends the loop)
//
// A companion process holds the socket and the memory. Under systemd its fd store does, and Restart= follows a restart too:
// see units/app.service.
import { createServer } from 'node:http'
import { createMappedFile, openInstance, openMappedFile } from '@slatfatf/restart'

const instance = await openInstance({
  coordination: { path: 'control.sock' },
  companion: process.env.NOTIFY_SOCKET ? undefined : { path: 'companion.sock' },
})

// Memory without a name, as old as the first version that ever counted.
const [fd] = instance.before.fds.get('counter') ?? []
const memory =
  fd === undefined ? createMappedFile({ sizeBytes: 8, version: 1 }) : openMappedFile(fd, { version: 1 })
const counter = new BigUint64Array(memory.buffer)
await instance.keep('counter', [memory.fd])

const server = createServer((_, response) => {
  // During a restart two processes count in it.
  const count = Atomics.add(counter, 0, 1n) + 1n
  response.end(`${count}, counted by process ${process.pid}, after ${instance.before.kind}\n`)
})
instance.drain.http('http', server)
const socket = await instance.listen('http', { host: '127.0.0.1', port: Number(process.argv[2]) })
server.listen(socket.listenOptions())
await instance.ready()
console.log(`version ${instance.generation}: port ${socket.address.port}`)
