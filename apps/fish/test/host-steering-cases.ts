import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type Reservation, reservePort, reserveTuple } from '@slatfatf/tfo-socket'
import { openTun, PacketBatch, type TunDevice } from '@slatfatf/tun'

export { guards, install } from './host-cases.js'

/** What the tests call in children on all three hosts: the device and reservations of the edge, and ordinary sockets. */

let device: TunDevice
const arrived: Uint8Array[] = []
const reservations: Reservation[] = []
const sockets: UdpSocket[] = []

export async function attachDevice(name: string): Promise<void> {
  device = await openTun({ name, exclusive: false, offload: 'off', persist: true })
  const batch = new PacketBatch()
  device.queue.onReadable(() => {
    while (device.queue.readBatch(batch) > 0) {
      for (let index = 0; index < batch.count; index++) arrived.push(batch.packet(index).slice())
    }
  })
}

export async function write(packet: Uint8Array): Promise<void> {
  const batch = new PacketBatch()
  batch.append(packet)
  device.queue.writeBatch(batch)
}

/** What came out of the device so far. */
export async function arrivals(): Promise<Uint8Array[]> {
  return arrived
}

export async function reserve(protocol: 'tcp' | 'udp', port: number): Promise<void> {
  const own = { address: '198.51.100.10', ports: port, mark: 42 }
  const remote = { remoteAddress: '192.0.2.2', remotePort: 8080 }
  reservations.push(
    protocol === 'udp' ? reservePort({ protocol, ...own }) : reserveTuple({ ...own, ...remote }),
  )
}

/** Accepts connections, answers, and is the first to close. */
export async function serveTcp(port: number, address?: string): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => {}).end('hello'))
  server.listen(port, address)
  await once(server, 'listening')
}

/** What was answered, or the code of the error. */
export async function askTcp(port: number, host: string): Promise<string> {
  const socket = connect(port, host)
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  try {
    await once(socket, 'end')
    return text
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

let held: ReturnType<typeof connect>

/** Connects and reads all, but does not close its own side yet. */
export async function holdTcp(port: number, host: string): Promise<void> {
  held = connect({ port, host, allowHalfOpen: true })
  held.resume()
  await once(held, 'end')
}

export async function closeHeld(): Promise<void> {
  held.end()
}

/** Begins to connect, and gives up soon. */
export async function knockTcp(port: number, host: string): Promise<string> {
  const socket = connect(port, host)
  const event = new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('connected'))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
  })
  const silence = new Promise<string>((resolve) => setTimeout(resolve, 300, 'silence'))
  const result = await Promise.race([event, silence])
  socket.destroy()
  return result
}

/** Sends a datagram from a connected socket; the code of the ICMP error that comes back soon, or `silence`. */
export async function knockUdp(port: number, host: string, bytes = 4): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.connect(port, host)
    await once(socket, 'connect')
    const failed = new Promise<string>((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
    })
    socket.send(Buffer.alloc(bytes))
    return await Promise.race([failed, new Promise<string>((resolve) => setTimeout(resolve, 300, 'silence'))])
  } finally {
    socket.close()
  }
}

const datagrams: string[] = []

export async function bindUdp(port: number, address?: string): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('message', (data, { address: from, port: fromPort }) => {
    datagrams.push(`${from}:${fromPort} ${data.toString().slice(0, 20)}`)
    socket.send('answer', fromPort, from)
  })
  socket.bind(port, address)
  await once(socket, 'listening')
  sockets.push(socket)
}

/** What came so far, with its source. */
export async function received(): Promise<string[]> {
  return datagrams
}

export async function ask(port: number, host: string): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.send('question', port, host)
    const [data] = (await once(socket, 'message', { signal: AbortSignal.timeout(2_000) })) as [Buffer]
    return data.toString()
  } finally {
    socket.close()
  }
}
