// The reload of Node's own cluster module: a new worker is started, and when it listens the old one is disconnected, which lets its
// connections end.
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { handle, serverOptions } from './handler.mjs'

if (cluster.isPrimary) {
  let worker = cluster.fork()
  worker.once('listening', () => console.log('listening'))
  process.on('SIGUSR2', () => {
    const old = worker
    worker = cluster.fork()
    worker.once('listening', () => {
      old.disconnect()
      console.log(`reloaded ${worker.process.pid}`)
    })
  })
  process.on('SIGTERM', () => {
    for (const each of Object.values(cluster.workers ?? {})) each?.process.kill('SIGKILL')
    process.exit(0)
  })
} else {
  createServer(serverOptions, handle).listen(Number(process.env.PORT), '127.0.0.1')
}
