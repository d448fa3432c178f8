import type { Socket } from 'node:net'
import type { ConnectionCarrier } from './connection-carrier.js'
import { idleSockets } from './idle-sockets.js'
import { stoppedDescriptor } from './socket-descriptor.js'

// One message of the kernel carries at most 253, and few connections should wait for one answer.
const largestBatch = 250

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
  /** The successor has not said in time whether it has them; they are closed here by now. */
  unconfirmed(count: number): void
  /** This one cannot be sent, and is open for reading again. */
  stays(connection: C): void
  /** None can be sent any more. */
  gaveUp(): void
}

interface SenderEnvironment {
  after(delayMs: number, run: () => void): () => void
  duplicateFd(fd: number): number
  closeFd(fd: number): void
}

/**
 * Sends idle connections to the successor as they become idle.
 *
 * The order is what keeps requests from being lost: reading stops first; then the parser is asked whether it
 * holds anything; then the descriptor goes. What arrives meanwhile stays in the kernel's queue, which both
 * descriptors share. The original is closed after the successor has its own; if that fails, reading goes on.
 * After silence nobody knows who has them: two must not read, so they are closed here, and the successor that gets to
 * them late serves them still.
 */
export class ConnectionSender<C extends MovableConnection> {
  readonly #source: ConnectionSource<C>
  readonly #carrier: ConnectionCarrier
  readonly #environment: SenderEnvironment
  readonly #patienceMs: number
  readonly #unmovable = new WeakSet<Socket>()
  #state: 'resting' | 'due' | 'sending' | 'ended' = 'resting'
  #again = false
  #batchSize = largestBatch
  #stopWaiting: () => void = () => {}

  constructor(
    source: ConnectionSource<C>,
    carrier: ConnectionCarrier,
    environment: SenderEnvironment,
    /** How long an answer of the successor is waited for. */
    patienceMs: number,
  ) {
    this.#source = source
    this.#carrier = carrier
    this.#environment = environment
    this.#patienceMs = patienceMs
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
    this.#stopWaiting()
  }

  async #run(): Promise<void> {
    if (this.#state === 'ended') return
    this.#state = 'sending'
    do {
      this.#again = false
      let batch = this.#nextBatch()
      while (batch.length > 0) {
        if (!(await this.#send(batch))) return
        // What was opened for reading again begins to read in between: `pause` does not call that off.
        await new Promise((resolve) => setImmediate(resolve))
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
      if (stopped.length >= this.#batchSize) break
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
    const { sent, fds } = this.#duplicate(batch)
    const answer = fds.length === 0 ? 'nothing' : await this.#ask(fds)
    // All are closed, and counted, by now.
    if (this.#ended()) return false
    if (answer === 'taken' || answer === 'silence') {
      for (const { socket } of sent) socket.destroy()
      if (answer === 'taken') this.#source.moved(sent.length)
      else this.#source.unconfirmed(sent.length)
    } else for (const connection of sent) this.#stay(connection)
    if (answer === 'taken' || (answer === 'nothing' && this.#batchSize > 0)) return true
    this.#state = 'ended'
    this.#source.gaveUp()
    return false
  }

  /** Duplicates: a timeout may close the original meanwhile, and its number may become another file. */
  #duplicate(batch: C[]): { sent: C[]; fds: number[] } {
    const sent: C[] = []
    const fds: number[] = []
    const left = [...batch]
    try {
      for (const connection of batch) {
        const fd = stoppedDescriptor(connection.socket)
        if (fd !== undefined) fds.push(this.#environment.duplicateFd(fd))
        left.shift()
        if (fd === undefined) this.#stay(connection)
        else sent.push(connection)
      }
    } catch {
      // No descriptor is left (EMFILE): fewer at a time, and some for the rest of the process.
      this.#batchSize = Math.ceil(sent.length / 2)
      for (const fd of fds.splice(this.#batchSize)) this.#environment.closeFd(fd)
      for (const connection of [...sent.splice(this.#batchSize), ...left]) {
        connection.moving = false
        connection.socket.resume()
      }
    }
    return { sent, fds }
  }

  #ask(fds: readonly number[]): Promise<'taken' | 'refused' | 'silence'> {
    return new Promise((resolve) => {
      // setImmediate: if this process was the one that stood still, the answer is read before its absence is believed.
      this.#stopWaiting = this.#environment.after(this.#patienceMs, () =>
        setImmediate(() => resolve('silence')),
      )
      const close = () => {
        this.#stopWaiting()
        // Not before: until then they may still be on their way into the kernel.
        for (const fd of fds) this.#environment.closeFd(fd)
      }
      const sending = async () => this.#carrier.send(this.#source.name, fds)
      sending()
        .then(
          (taken) => resolve(taken ? 'taken' : 'refused'),
          () => resolve('refused'),
        )
        .finally(close)
    })
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
