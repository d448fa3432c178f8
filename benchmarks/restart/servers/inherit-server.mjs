// The listening socket goes to the next version as a descriptor, then `server.close()`: what most write by hand. The version that
// runs starts the next one at SIGUSR2, and begins to close when that one listens.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { handle, serverOptions } from './handler.mjs'

const server = createServer(serverOptions, handle)
const inherited = process.env.LISTEN_FD === undefined ? undefined : Number(process.env.LISTEN_FD)
const address =
  inherited === undefined ? { port: Number(process.env.PORT), host: '127.0.0.1' } : { fd: inherited }

server.listen(address, () => {
  console.log(`listening ${process.pid}`)
  process.send?.('listening')
  if (process.connected) process.disconnect()
})

process.on('SIGUSR2', () => {
  // The server has no public way to its descriptor.
  const { fd } = /** @type {any} */ (server)._handle
  const next = spawn(process.execPath, [process.argv[1] ?? ''], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', fd],
    env: { ...process.env, LISTEN_FD: '4' },
    detached: true,
  })
  next.once('message', () => {
    next.disconnect()
    next.unref()
    server.close()
  })
})
