// An HTTP server that restarts without losing a connection.
//
//   node hello.mjs serve 8080
//   node hello.mjs restart     starts the next version, and ends when that one serves, or with the reason why it does not
//   node hello.mjs status      and stop, ping, rollback; --help tells all
import { createServer } from 'node:http'
import { openInstance, runRestartCommand } from '@slatfatf/restart'

const path = 'control.sock'

async function serve(port) {
  const instance = await openInstance({ coordination: { path } })
  const server = createServer((_, response) => response.end(`hello from version ${instance.generation}\n`))
  instance.drain.http('web', server, { handOver: true })
  // The socket of the version before, if there is one.
  const socket = await instance.listen('web', { host: '127.0.0.1', port })
  server.listen(socket.listenOptions())
  await instance.ready()
  console.log(`version ${instance.generation} serves on port ${socket.address.port}`)
  await instance.ended
  process.exit()
}

const [word, port] = process.argv.slice(2)
if (word === 'serve') await serve(Number(port))
else process.exitCode = await runRestartCommand({ path })
