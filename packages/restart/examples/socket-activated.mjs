// A service of systemd, for the units that come with the package, units/app.service and units/app.socket:
//
//   ExecStart=/usr/bin/node /opt/app/socket-activated.mjs
//   ExecReload=/usr/bin/node /opt/app/socket-activated.mjs restart
//
//   systemctl start app.socket    systemd listens, and starts the service when a client comes
//   systemctl reload app          the next version takes over, or reload fails with its reason
//   systemctl restart app         nobody serves for a moment: clients wait in the queue of systemd's socket
//
// Without units: systemd-socket-activate --fdname=http -l 8080 node socket-activated.mjs
import { createServer } from 'node:http'
import { join } from 'node:path'
import { openInstance, runRestartCommand } from '@slatfatf/restart'

// RuntimeDirectory=app
const control = join(process.env.RUNTIME_DIRECTORY ?? '.', 'restart.sock')

async function serve() {
  // Finds by the environment what systemd passed and offers: READY=1, the main process, the watchdog, the store.
  const instance = await openInstance({ name: 'app', coordination: { path: control } })
  // FileDescriptorName=http. With an address beside the name a start by hand would work too.
  const socket = await instance.listen('http')
  const server = createServer((_, response) => {
    const { generation, before } = instance
    response.end(`version ${generation}, process ${process.pid}, after ${before.kind}\n`)
  })
  instance.drain.http('http', server)
  server.listen(socket.listenOptions())
  await instance.ready()
}

if (process.argv.length === 2) await serve()
else process.exitCode = await runRestartCommand({ path: control })
