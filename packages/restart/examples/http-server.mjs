// An HTTP server whose next version takes over without a gap. It reads config.json of the current folder:
//
//   { "control": "control.sock", "host": "127.0.0.1", "port": 8080, "greeting": "hello" }
//
//   node http-server.mjs           serves
//   node http-server.mjs restart   validates config.json, asks the server at "control" to restart, and waits for the outcome
//   node http-server.mjs status    and stop, ping; --help tells all
//
// The exit status says how a restart went: 0 the next version serves; 1 it could not, and the one before serves on;
// 3 config.json is refused, and nothing was asked; 4 there is no server; and so on.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { openInstance, runRestartCommand } from '@slatfatf/restart'

function readConfig() {
  const config = JSON.parse(readFileSync('config.json', 'utf8'))
  for (const key of ['control', 'host', 'greeting']) {
    if (typeof config[key] !== 'string') throw new Error(`config.json: "${key}" must be a string`)
  }
  if (!Number.isInteger(config.port)) throw new Error('config.json: "port" must be a whole number')
  return config
}

async function serve({ control, host, port, greeting }) {
  const instance = await openInstance({ name: 'http-server', coordination: { path: control } })
  try {
    // The socket of the version before, if it has the same address; else a new one.
    const socket = await instance.listen('http', { host, port })
    const server = createServer((_, response) =>
      response.end(`${greeting} from version ${instance.generation}\n`),
    )
    // Before it listens: the drain wants to see each connection. Idle ones go to the next version.
    instance.drain.http('http', server, { handOver: true })
    server.listen(socket.listenOptions())
    console.log(`version ${instance.generation}, process ${process.pid}: port ${socket.address.port}`)
  } catch (error) {
    // Whoever asked for the restart reads why.
    await instance.fail(error)
  }
  await instance.ready()
  const { reason, drain } = await instance.ended
  console.log(
    `version ${instance.generation} ended, ${reason}; ${drain.handedOver} connections were handed over`,
  )
}

if (process.argv.length === 2) await serve(readConfig())
else process.exitCode = await runRestartCommand({ validate: readConfig, path: ({ control }) => control })
