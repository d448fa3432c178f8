import { connect, type Socket } from 'node:net'
import { abortError } from '../errors/abort-error.js'
import { RestartError } from '../errors/restart-error.js'
import { connectError } from './connect-error.js'
import { decodeReply } from './decode-reply.js'
import { encodeRequest } from './encode-message.js'
import { FrameReader } from './frame-reader.js'
import type { Done, Hello, Progress, Refused, Request } from './protocol.js'

export interface Asking {
  path: string
  /** For all of it. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

/** How long an instance may take to accept a connection. */
const HELLO_TIMEOUT_MS = 10_000

/** Between two tries when the queue of the listener is full. */
const QUEUE_FULL_PAUSE_MS = 50

/**
 * Asks the instance at `path`, and resolves to its answer, whatever it is.
 *
 * Nothing is asked before the instance has said that it listens; so what fails until then has changed nothing.
 */
export function ask(request: Request, asking: Asking): Promise<Done | Refused> {
  return new Conversation(request, asking).answer
}

const ID = 1

class Conversation {
  readonly answer: Promise<Done | Refused>
  readonly #request: Request
  readonly #asking: Asking
  readonly #reader = new FrameReader()
  readonly #timers = new Set<NodeJS.Timeout>()
  #socket: Socket | undefined
  #hello: Hello | undefined
  #last: Progress | undefined
  #isOver = false
  #settle!: { resolve(answer: Done | Refused): void; reject(error: unknown): void }

  constructor(request: Request, asking: Asking) {
    this.#request = request
    this.#asking = asking
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    const { signal, timeoutMs } = asking
    if (signal?.aborted) {
      this.#settle.reject(abortError(signal))
      return
    }
    signal?.addEventListener('abort', this.#aborted, { once: true })
    this.#after(timeoutMs, () => this.#fail(this.#timedOut(timeoutMs)))
    if (timeoutMs > HELLO_TIMEOUT_MS) {
      this.#after(HELLO_TIMEOUT_MS, () => {
        if (this.#hello === undefined) this.#fail(this.#timedOut(HELLO_TIMEOUT_MS))
      })
    }
    this.#connect()
  }

  readonly #aborted = () => this.#fail(abortError(this.#asking.signal!))

  #connect(): void {
    const socket = connect({ path: this.#asking.path })
    this.#socket = socket
    let failure: NodeJS.ErrnoException | undefined
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('close', () => {
      if (this.#isOver) return
      if (failure?.code === 'EAGAIN' && failure.syscall === 'connect') {
        this.#after(QUEUE_FULL_PAUSE_MS, () => this.#connect())
      } else {
        this.#fail(this.#lost(failure))
      }
    })
  }

  #receive(chunk: Buffer): void {
    try {
      for (const payload of this.#reader.read(chunk)) {
        const reply = decodeReply(payload)
        if (reply === undefined) continue
        if (reply.type === 'hello') {
          if (this.#hello === undefined) this.#socket?.write(encodeRequest(ID, this.#request))
          this.#hello = reply
        } else if (reply.type === 'progress') {
          const { type: _, id: __, ...progress } = reply
          this.#last = progress
          this.#asking.onProgress?.(progress)
        } else {
          const { type: _, id: __, ...answer } = reply
          this.#end()
          this.#settle.resolve(answer)
          return
        }
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #timedOut(timeoutMs: number): RestartError {
    if (this.#hello === undefined) {
      return new RestartError(
        `the instance at ${this.#asking.path} did not take the connection within ${timeoutMs} ms; it was asked nothing`,
        {
          code: 'ERR_RESTART_NOT_ANSWERING',
          stage: 'connecting',
          hint: 'It is stopped, or busy in one long piece of work: see what it does with top, strace -p or a debugger',
        },
      )
    }
    return new RestartError(
      `no answer within ${timeoutMs} ms; ${this.#lastHeard()}. What was asked is still being done`,
      { code: 'ERR_RESTART_NO_ANSWER', stage: this.#last?.stage, hint: ASK_STATUS },
    )
  }

  #lost(failure: NodeJS.ErrnoException | undefined): RestartError {
    const { path } = this.#asking
    if (failure?.syscall === 'connect') return connectError(path, failure)
    const reason = failure === undefined ? '' : ` (${failure.code})`
    if (this.#hello === undefined) {
      return new RestartError(
        `${path} took the connection and ended it without a word${reason}; it was asked nothing`,
        {
          code: 'ERR_RESTART_NOT_ANSWERING',
          stage: 'connecting',
          hint: 'The instance was just ending: ask again, or see whether it still runs',
          cause: failure,
        },
      )
    }
    return new RestartError(
      `the connection was lost before the answer${reason}, so how it ended is unknown; ${this.#lastHeard()}`,
      { code: 'ERR_RESTART_CONNECTION_LOST', stage: this.#last?.stage, hint: ASK_STATUS, cause: failure },
    )
  }

  #lastHeard(): string {
    const who = `process ${this.#hello?.pid}`
    if (this.#last === undefined) return `${who} had taken the request and told nothing yet`
    const { stage, pid } = this.#last
    return `the last that ${who} told was '${stage}'${pid === undefined ? '' : ` of process ${pid}`}`
  }

  #fail(error: unknown): void {
    this.#end()
    this.#settle.reject(error)
  }

  #end(): void {
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#asking.signal?.removeEventListener('abort', this.#aborted)
    this.#socket?.removeAllListeners('data')
    this.#socket?.destroy()
  }

  #after(ms: number, passed: () => void): void {
    this.#timers.add(setTimeout(passed, ms))
  }
}

const ASK_STATUS = 'Ask for the status: its generation tells whether the restart was done'
