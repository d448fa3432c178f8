import type { Socket } from 'node:net'
import type { ConnectionCarrier } from './connection-carrier.js'
import { idleSockets } from './idle-sockets.js'
import { stoppedDescriptor } from './socket-descriptor.js'

// One message of the kernel carries at most 253, and few connections should wait for one answer.
const batchSize = 250

interface MovableConnection {
  readonly socket: Socket
  moving: boolean
}

interface ConnectionSource<C extends MovableConnection> {
  readonly name: string
  readonly server: object
  /** All connections of the server. */
  sockets(): Iterable<Socket>
  /** Those without an open request. */
  candidates(): Iterable<C>
  /** The successor has them; they are closed here by now. */
  moved(count: number): void
  /** This one cannot be sent, and is open for reading again. */
  stays(connection: C): void
  /** None can be sent any more. */
  gaveUp(cause: unknown): void
}

interface Descriptors {
  duplicateFd(fd: number): number
  closeFd(fd: number): void
}

/**
 * Sends idle connections to the successor as they become idle.
 *
 * The order is what keeps requests from being lost: reading stops first; then the parser is asked whether it
 * holds anything; then the descriptor goes. What arrives meanwhile stays in the kernel's queue, which both
 * descriptors share. The original is closed after the successor has its own; if that fails, reading goes on.
 */
export class ConnectionSender<C extends MovableConnection> {
  readonly #source: ConnectionSource<C>
  readonly #carrier: ConnectionCarrier
  readonly #descriptors: Descriptors
  readonly #unmovable = new WeakSet<Socket>()
  #state: 'resting' | 'due' | 'sending' | 'ended' = 'resting'
  #again = false

  constructor(source: ConnectionSource<C>, carrier: ConnectionCarrier, descriptors: Descriptors) {
    this.#source = source
    this.#carrier = carrier
    this.#descriptors = descriptors
  }

  /** Whether this connection will be sent once it is idle. */
  takes(connection: C): boolean {
    return this.#state !== 'ended' && !this.#unmovable.has(connection.socket)
  }

  /** Something may have become idle. */
  poke(): void {
    if (this.#state === 'sending') this.#again = true
    if (this.#state !== 'resting') return
    this.#state = 'due'
    // Many answers end in one turn of the loop: they go together.
    setImmediate(() => void this.#run())
  }

  end(): void {
    this.#state = 'ended'
  }

  async #run(): Promise<void> {
    if (this.#state === 'ended') return
    this.#state = 'sending'
    do {
      this.#again = false
      let batch = this.#nextBatch()
      while (batch.length > 0) {
        if (!(await this.#send(batch))) return
        batch = this.#nextBatch()
      }
    } while (this.#again)
    this.#state = 'resting'
  }

  /** Stopped, and proven idle. */
  #nextBatch(): C[] {
    if (this.#ended()) return []
    const stopped: C[] = []
    for (const connection of this.#source.candidates()) {
      if (stopped.length >= batchSize) break
      if (connection.moving || !this.takes(connection)) continue
      connection.socket.pause()
      stopped.push(connection)
    }
    if (stopped.length === 0) return []
    const idle = idleSockets(this.#source.server, this.#source.sockets())
    const batch: C[] = []
    for (const connection of stopped) {
      const { socket } = connection
      const nothingInside = socket.readableLength === 0 && socket.writableLength === 0 && !socket.destroyed
      if (nothingInside && (idle.has(socket) || socket.bytesRead === 0)) {
        connection.moving = true
        batch.push(connection)
      } else socket.resume()
    }
    return batch
  }

  /** False when there is no point in going on. */
  async #send(batch: C[]): Promise<boolean> {
    const sent: C[] = []
    const fds: number[] = []
    let accepted = false
    let cause: unknown
    try {
      for (const connection of batch) {
        const fd = stoppedDescriptor(connection.socket)
        if (fd === undefined) this.#stay(connection)
        else {
          // A duplicate: a timeout may close the original meanwhile, and its number may become another file.
          fds.push(this.#descriptors.duplicateFd(fd))
          sent.push(connection)
        }
      }
      accepted = fds.length === 0 || (await this.#carrier.send(this.#source.name, fds))
    } catch (error) {
      cause = error
    } finally {
      for (const fd of fds) this.#descriptors.closeFd(fd)
    }
    if (accepted) {
      for (const { socket } of sent) socket.destroy()
      if (sent.length > 0) this.#source.moved(sent.length)
      return !this.#ended()
    }
    for (const connection of batch) this.#stay(connection)
    if (this.#ended()) return false
    this.#state = 'ended'
    this.#source.gaveUp(cause)
    return false
  }

  #stay(connection: C): void {
    this.#unmovable.add(connection.socket)
    connection.moving = false
    connection.socket.resume()
    this.#source.stays(connection)
  }

  #ended(): boolean {
    return this.#state === 'ended'
  }
}
