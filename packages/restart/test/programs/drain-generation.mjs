// One version of a small HTTP service. Descriptor 4 is the listening socket, 5 leads to the predecessor, 6 to the
// successor. Messages over IPC: 'drain' drains and answers with the report; 'end' ends what streams.
import { createServer } from 'node:http'
import { openChannel, openDrain, receiveDescriptors, sendDescriptors } from '@slatfatf/restart'

const name = process.argv[2]
const streams = new Set()

const server = createServer({ keepAliveTimeout: 30_000 }, (request, answer) => {
  if (request.url === '/events') {
    answer.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => answer.write(`data: ${name}\n\n`), 10)
    streams.add(() => {
      clearInterval(timer)
      answer.end(`data: end of ${name}\n\n`)
    })
    return
  }
  let size = 0
  const parts = []
  request.on('data', (part) => {
    size += part.length
    if (request.url === '/') parts.push(part)
  })
  request.on('end', () => {
    const text = request.url === '/' ? Buffer.concat(parts) : size
    setTimeout(() => answer.end(`${name} ${text}`), 1 + Math.random() * 4)
  })
})

const drain = openDrain({ timeoutMs: 20_000 })
drain.http('web', server, { handOver: true, lingerMs: 300 })
const predecessor = openChannel(5)
predecessor.unref()
const successor = openChannel(6)
successor.unref()

async function receive() {
  try {
    for (;;) {
      for (const [name, fds] of await receiveDescriptors(predecessor)) drain.connections.receive(name, fds)
    }
  } catch {
    // The predecessor has ended.
    predecessor.close()
  }
}

process.on('message', async (message) => {
  if (message === 'end') for (const end of streams) end()
  if (message !== 'drain') return
  drain.connections.carrier = {
    async send(name, fds) {
      await sendDescriptors(successor, { [name]: fds })
      return true
    },
  }
  const report = await drain.start({ reason: 'test' })
  process.send({ report }, () => process.disconnect())
})

void receive()
server.listen({ fd: 4 }, () => process.send('ready'))
