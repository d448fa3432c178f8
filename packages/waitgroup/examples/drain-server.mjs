// An HTTP server that answers what it has begun before it ends, and says what it had to give up.
//   node drain-server.mjs PORT DRAIN_MS      then: curl localhost:PORT/3000 & kill -TERM PID
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { isWaitTimeoutError, WaitGroup } from '@slatfatf/waitgroup'

const [port, drainMs] = process.argv.slice(2).map(Number)
const group = new WaitGroup({ name: 'server' })
const requests = group.child('http')

const server = createServer(async (request, response) => {
  const guard = requests.tryGuard(`${request.method} ${request.url}`)
  if (guard === null) return response.writeHead(503).end('going down\n')
  // Whatever happens to it, answered or broken off.
  response.once('close', () => guard.done())
  await delay(Number(request.url.slice(1)))
  response.end('done\n')
})
server.listen(port, () => console.log(`${process.pid} listens on ${server.address().port}`))

process.once('SIGTERM', async () => {
  server.close()
  group.close()
  try {
    await group.wait({ timeoutMs: drainMs })
    console.log('all requests were answered')
  } catch (error) {
    if (!isWaitTimeoutError(error)) throw error
    console.log(error.message)
    process.exitCode = 1
  }
  process.exit()
})
