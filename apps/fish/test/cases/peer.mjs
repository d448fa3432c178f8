// Real sockets on one host of a lab, driven by a test: servers, connections and datagrams that it keeps between calls.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const PATIENCE_MS = 5000
const connections = new Map()
const sockets = new Map()
let nextId = 1

/** Greets every connection with the source it came from, then echoes. */
export async function listenTcp(port) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(`${socket.remoteAddress}:${socket.remotePort}\n`)
    socket.pipe(socket)
  }).listen(port, '0.0.0.0')
  await once(server, 'listening')
}

export async function connectTcp(options) {
  const socket = connect({ noDelay: true, ...options })
  await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) })
  const id = nextId++
  const connection = { socket, received: '', ended: false, error: undefined }
  connections.set(id, connection)
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => {
    connection.received += chunk
  })
  socket.on('end', () => {
    connection.ended = true
  })
  socket.on('error', (error) => {
    connection.error = error
  })
  return { id, seenAs: await nextLine(connection), localPort: socket.localPort }
}

export async function say(id, text) {
  const connection = connections.get(id)
  connection.socket.write(`${text}\n`)
  return nextLine(connection)
}

/** Sends so many bytes through the echo and tells how many came back. */
export async function pump(id, bytes) {
  const connection = connections.get(id)
  connection.received = ''
  connection.socket.write(Buffer.alloc(bytes, 'x'))
  await until(() => connection.received.length >= bytes)
  return connection.received.length
}

/** Closes politely and waits until both sides have. */
export async function finish(id) {
  const { socket } = connections.get(id)
  socket.end()
  await once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) })
  connections.delete(id)
}

export async function reset(id) {
  connections.get(id).socket.resetAndDestroy()
  connections.delete(id)
}

/** A datagram socket that keeps what it receives. With `echo` it answers every datagram with the source it saw. */
export async function bindUdp({ port = 0, address = '0.0.0.0', echo = false } = {}) {
  const socket = createSocket('udp4')
  const inbox = []
  const state = { socket, inbox, error: undefined }
  socket.on('error', (error) => {
    state.error = error
  })
  socket.on('message', (message, from) => {
    inbox.push({
      text: message.toString('latin1').slice(0, 200),
      size: message.length,
      from: `${from.address}:${from.port}`,
    })
    if (echo) socket.send(`${from.address}:${from.port}`, from.port, from.address)
  })
  socket.bind(port, address)
  await once(socket, 'listening')
  const id = nextId++
  sockets.set(id, state)
  return { id, port: socket.address().port }
}

export async function sendUdp(id, { host, port, text = 'x', size }) {
  const { socket } = sockets.get(id)
  await new Promise((resolve, reject) => {
    socket.send(size ? Buffer.alloc(size) : text, port, host, (error) => (error ? reject(error) : resolve()))
  })
}

export async function receiveUdp(id) {
  const { inbox } = sockets.get(id)
  await until(() => inbox.length > 0)
  return inbox.shift()
}

/** Sends on a connected socket until an ICMP error comes back, and tells its code. */
export async function udpErrorOf({ host, port }) {
  const socket = createSocket('udp4')
  try {
    socket.connect(port, host)
    await once(socket, 'connect')
    const failed = new Promise((resolve) => socket.once('error', (error) => resolve(error.code)))
    const knock = setInterval(() => socket.send('knock'), 100)
    socket.send('knock')
    const timeout = AbortSignal.timeout(PATIENCE_MS)
    const code = await Promise.race([failed, once(timeout, 'abort').then(() => 'no error')])
    clearInterval(knock)
    return code
  } finally {
    socket.close()
  }
}

async function nextLine(connection) {
  await until(() => connection.received.includes('\n') || connection.error)
  if (connection.error) throw connection.error
  const end = connection.received.indexOf('\n')
  const line = connection.received.slice(0, end)
  connection.received = connection.received.slice(end + 1)
  return line
}

async function until(condition) {
  const deadline = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('nothing arrived in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
