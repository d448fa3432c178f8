import type { HandoverEnvironment, Line } from './environment.js'
import { protocolError, readSuccessorMessage, type SuccessorMessage } from './messages.js'

export interface DialogueEvents {
  heartbeat(extendMs: number): void
  fail(message: string, code: string | undefined): void
  /** The other side said what makes no sense, or what was not its turn to say. */
  nonsense(error: Error): void
  /** The other end is closed: the process is gone, or let go of its channel. */
  ended(): void
}

type Of<T extends SuccessorMessage['type']> = Extract<SuccessorMessage, { type: T }>

/**
 * Listens to the next version, and knows whose turn it is.
 *
 * A message that nobody expects is not kept for later: whoever says "ready" before it said hello, or twice, is not a
 * process that a service should be given to.
 */
export class Dialogue {
  readonly #line: Line
  readonly #environment: Pick<HandoverEnvironment, 'closeFd'>
  readonly #events: DialogueEvents
  readonly #stop = new AbortController()
  readonly ended: Promise<void>
  #greeted = false
  #expected: { types: readonly string[]; resolve: (message: SuccessorMessage) => void } | undefined

  constructor(line: Line, environment: Pick<HandoverEnvironment, 'closeFd'>, events: DialogueEvents) {
    this.#line = line
    this.#environment = environment
    this.#events = events
    this.ended = this.#listen()
  }

  /** Say first what is expected, then send what it answers: an answer may be quick. */
  expect<T extends SuccessorMessage['type']>(...types: T[]): Promise<Of<T>> {
    return new Promise((resolve) => {
      this.#expected = { types, resolve: resolve as (message: SuccessorMessage) => void }
    })
  }

  /** Reads no further; the line stays open. */
  async leave(): Promise<void> {
    this.#stop.abort()
    await this.ended
  }

  async #listen(): Promise<void> {
    try {
      while (!this.#stop.signal.aborted) {
        const received = await this.#line.receive({ signal: this.#stop.signal })
        if (received === undefined) return this.#events.ended()
        if ('bytes' in received) throw protocolError(`the new version sent bytes ("${received.tag}")`)
        for (const fd of received.fds) this.#environment.closeFd(fd)
        if (received.fds.length > 0) throw protocolError('the new version sent descriptors')
        this.#hear(readSuccessorMessage(received.message))
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#events.nonsense(error as Error)
    }
  }

  #hear(message: SuccessorMessage): void {
    if (!this.#greeted && message.type !== 'hello') {
      throw protocolError(`the new version said "${message.type}" before "hello"`)
    }
    this.#greeted = true
    const expected = this.#expected
    if (expected?.types.includes(message.type)) {
      this.#expected = undefined
      expected.resolve(message)
    } else if (message.type === 'heartbeat') {
      this.#events.heartbeat(message.extendMs)
    } else if (message.type === 'fail') {
      this.#events.fail(message.message, message.code)
    } else {
      const turn = expected ? `"${expected.types.join('" or "')}" was expected` : 'it was not its turn'
      throw protocolError(`the new version said "${message.type}": ${turn}`)
    }
  }
}
