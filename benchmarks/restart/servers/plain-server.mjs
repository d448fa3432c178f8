// An ordinary server that knows nothing of restarts but `server.close()` at SIGTERM and SIGINT. For stop-then-start, and for pm2,
// which asks with SIGINT and waits for the word "ready".
import { createServer } from 'node:http'
import { handle, serverOptions } from './handler.mjs'

const server = createServer(serverOptions, handle)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log('listening')
  process.send?.('ready')
})
