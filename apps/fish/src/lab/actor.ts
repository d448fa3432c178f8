/**
 * A program of the lab that opens real sockets on the host it runs on and does with them what it is told over its channel. Its
 * counterpart is `remote-actor.ts`.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What an actor can be told. Every answer is plain data. */
export interface ActorCalls {
  /** Opens a TCP connection and keeps it. Answers with its number and the greeting: the source address as the origin saw it. */
  hold(options: {
    host: string
    port: number
    localAddress?: string
    localPort?: number
  }): Promise<{ id: number; seenAs: string }>
  /** Sends a line over a connection that is held and answers with what came back. */
  say(id: number, text: string): Promise<string>
  /** Resets a connection that is held, so that it leaves no TIME-WAIT behind. */
  reset(id: number): Promise<void>
  /** Sends a datagram and answers with what came back. */
  datagram(options: { host: string; port: number; text: string }): Promise<string>
}

const held = new Map<number, { socket: Socket; lines: AsyncIterator<string> }>()
let nextId = 1

const calls: ActorCalls = {
  async hold(options) {
    const socket = connect({ ...options, noDelay: true })
    await once(socket, 'connect')
    const lines = linesOf(socket)
    const { value: seenAs } = await lines.next()
    const id = nextId++
    held.set(id, { socket, lines })
    return { id, seenAs: String(seenAs) }
  },

  async say(id, text) {
    const connection = held.get(id)
    if (!connection) throw new Error(`no connection ${id} is held`)
    connection.socket.write(`${text}\n`)
    const { value, done } = await connection.lines.next()
    if (done) throw new Error(`connection ${id} was closed`)
    return value
  },

  async reset(id) {
    held.get(id)?.socket.resetAndDestroy()
    held.delete(id)
  },

  async datagram({ host, port, text }) {
    const socket = createSocket('udp4')
    try {
      socket.connect(port, host)
      await once(socket, 'connect')
      socket.send(text)
      const [message] = (await once(socket, 'message', { signal: AbortSignal.timeout(5000) })) as [Buffer]
      return message.toString()
    } finally {
      socket.close()
    }
  },
}

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of socket) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

interface Call {
  id: number
  name: keyof ActorCalls
  args: unknown[]
}

process.on('message', async ({ id, name, args }: Call) => {
  try {
    const value = await (calls[name] as (...args: unknown[]) => Promise<unknown>)(...args)
    process.send?.({ id, value })
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    process.send?.({ id, error: { code, syscall, message } })
  }
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
