import { RestartError } from '../errors/restart-error.js'
import { isGone, type Line } from './environment.js'
import {
  type OlderVersion,
  type PredecessorMessage,
  protocolError,
  readPredecessorMessage,
} from './messages.js'

/** What came with the word to take over. */
export interface Legacy {
  /** The listening coordination socket, if the running version had one. */
  coordination: number | undefined
  /** Those that still finish their work, without the one that hands over. */
  generations: (OlderVersion & { fd: number })[]
}

export interface PredecessorEvents {
  /** Here is what only one can have; what may fail with it is done now, while the running version can still go on. */
  commit(legacy: Legacy): Promise<void>
  /** The service is this version's from now on. */
  own(): void
  /** Told to go after it had served: the running version serves again. */
  retire(message: string): void
  /** It is gone, and had not left the service to this version. */
  gone(): void
}

/** How a version came to be the one that serves. */
export type Takeover = 'held' | 'committed' | 'alone'

/** The second half of a hand-over, from the new version's side: from the word to begin until it has taken over. */
export class Predecessor {
  readonly #line: Line
  readonly #closeFd: (fd: number) => void
  readonly #events: PredecessorEvents
  readonly #takeover: Promise<Takeover>
  #decide!: { resolve: (takeover: Takeover) => void; reject: (error: Error) => void }
  #state: 'starting' | 'ready' | 'held' | 'committed' | 'owner' | 'retired' | 'cancelled' | 'gone' =
    'starting'

  constructor(line: Line, closeFd: (fd: number) => void, events: PredecessorEvents) {
    this.#line = line
    this.#closeFd = closeFd
    this.#events = events
    this.#takeover = new Promise((resolve, reject) => {
      this.#decide = { resolve, reject }
    })
    this.#takeover.catch(() => {})
    line.unref()
    void this.#listen()
  }

  get state() {
    return this.#state
  }

  /** Resolves when the running version leaves the serving to this one, or is gone. Rejects when it does not want to. */
  async ready(claimed: readonly string[]): Promise<Takeover> {
    if (this.#state === 'starting') {
      this.#state = 'ready'
      await this.#say({ type: 'ready', claimed })
    }
    // There may be nothing else yet that holds the process open.
    this.#line.ref()
    try {
      return await this.#takeover
    } finally {
      this.#line.unref()
    }
  }

  heartbeat(extendMs: number): void {
    if (this.#state === 'starting') void this.#say({ type: 'heartbeat', extendMs })
  }

  /** Before the service is this version's: the running version goes on, and whoever asked reads these words. */
  async fail(message: string, code?: string | undefined): Promise<void> {
    if (this.#state === 'owner') return
    await this.#say({ type: 'fail', message, ...(code !== undefined && { code }) })
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const received = await this.#line.receive()
        if (received === undefined) return this.#end()
        if ('bytes' in received) throw protocolError('the running version sent bytes after "begin"')
        const message = readPredecessorMessage(received.message)
        if (message.type === 'commit') {
          await this.#commit(message, received.fds)
          continue
        }
        for (const fd of received.fds) this.#closeFd(fd)
        // What comes next is for another listener.
        if (message.type === 'own') return this.#own()
        this.#hear(message)
      }
    } catch (error) {
      if (isGone(error)) this.#end()
      else this.#refuse(error as Error)
    }
  }

  #hear(message: PredecessorMessage): void {
    switch (message.type) {
      case 'hold':
        this.#state = 'held'
        this.#decide.resolve('held')
        return
      case 'retire':
        this.#state = 'retired'
        this.#decide.resolve('held')
        this.#events.retire(message.message)
        return
      case 'cancel':
        this.#state = 'cancelled'
        this.#decide.reject(
          new RestartError(`the running version cancelled the restart: ${message.message}`, {
            code: 'ERR_RESTART_CANCELLED',
          }),
        )
        return
      default:
        throw protocolError(`the running version said "${message.type}" after "begin"`)
    }
  }

  async #commit(message: Extract<PredecessorMessage, { type: 'commit' }>, fds: number[]): Promise<void> {
    const expected = message.generations.length + (message.coordination ? 1 : 0)
    if (fds.length !== expected || (this.#state !== 'ready' && this.#state !== 'held')) {
      for (const fd of fds) this.#closeFd(fd)
      throw protocolError(`the running version said "commit" with ${fds.length} descriptors, not ${expected}`)
    }
    const coordination = message.coordination ? fds.shift() : undefined
    const generations = message.generations.map((generation, index) => ({ ...generation, fd: fds[index]! }))
    this.#state = 'committed'
    await this.#events.commit({ coordination, generations })
    await this.#say({ type: 'committed' })
  }

  #own(): void {
    if (this.#state !== 'committed') {
      throw protocolError(`the running version said "own", and this one is ${this.#state}`)
    }
    this.#state = 'owner'
    this.#events.own()
    this.#decide.resolve('committed')
  }

  #end(): void {
    // Sent away is sent away, also when whoever did it has ended in the meantime.
    if (this.#state === 'retired' || this.#state === 'cancelled') return
    this.#state = 'gone'
    this.#events.gone()
    this.#decide.resolve('alone')
  }

  #refuse(error: Error): void {
    this.#state = 'cancelled'
    this.#decide.reject(error)
    const { code } = error as { code?: string }
    void this.#say({ type: 'fail', message: error.message, ...(code !== undefined && { code }) })
  }

  async #say(message: object): Promise<void> {
    try {
      await this.#line.send(message)
    } catch (error) {
      // Its end is heard by who listens.
      if (!isGone(error)) throw error
    }
  }
}
