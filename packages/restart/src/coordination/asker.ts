import type { Socket } from 'node:net'
import { decodeRequest } from './decode-request.js'
import { encodeReply } from './encode-message.js'
import { failureOf } from './failure.js'
import { FrameReader } from './frame-reader.js'
import type { Done, Failure, Hello, Progress, Refused, Reply, Request } from './protocol.js'

/** What a connection may cost, and how long it may be silent. */
export interface AskerLimits {
  /** From the connection to its first whole request, and from an answer to the next; also to read an answer. */
  askTimeoutMs: number
  /** For the other side to end a connection that was refused. */
  lingerMs: number
}

export interface AskerEvents {
  /** The request is open until `answer` or `refuse`. */
  request(request: Request): void
  closed(): void
}

/** Progress is left out for who does not read: only the answer must reach them. */
const MAX_UNREAD_PROGRESS_BYTES = 16_384

/** Of refusals to who sends more than it reads. */
const MAX_UNREAD_BYTES = 262_144

/** What is read and thrown away from who was refused, so that it can read why. */
const MAX_DISCARDED_BYTES = 262_144

/**
 * One connection, as the instance sees it: at most one request is open at a time.
 *
 * Whatever comes, it costs a bounded amount of memory and time, and never throws.
 */
export class Asker {
  readonly #socket: Socket
  readonly #limits: AskerLimits
  readonly #events: AskerEvents
  readonly #reader = new FrameReader()
  #openId: number | undefined
  #state: 'open' | 'half-closed' | 'ending' | 'closed' = 'open'
  #endsAfterAnswer = false
  #discardedBytes = 0
  #deadline: NodeJS.Timeout | undefined

  /** `socket` must be one that stays open when the other side has ended its half. */
  constructor(socket: Socket, limits: AskerLimits, events: AskerEvents) {
    this.#socket = socket
    this.#limits = limits
    this.#events = events
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('end', () => this.#ended())
    // It says why, and is followed by `close`: an asker that is gone is nobody's failure.
    socket.on('error', () => {})
    socket.on('close', () => this.#closed())
    this.#expect()
  }

  /** Whether a request waits for its answer. */
  get isOpen(): boolean {
    return this.#openId !== undefined
  }

  hello(hello: Omit<Hello, 'type'>): void {
    this.#send({ type: 'hello', ...hello })
  }

  progress(progress: Progress): void {
    if (this.#openId === undefined || this.#socket.writableLength > MAX_UNREAD_PROGRESS_BYTES) return
    this.#send({ type: 'progress', id: this.#openId, ...progress })
  }

  /** Answers the open request. */
  answer(answer: Done | Refused): void {
    if (this.#openId === undefined) return
    // Throws for what is no JSON; then the request is open still.
    const bytes = encodeReply({ type: 'answer', id: this.#openId, ...answer })
    this.#openId = undefined
    if (this.#socket.writable) this.#socket.write(bytes)
    if (this.#state === 'half-closed' || this.#endsAfterAnswer) this.end()
    else this.#expect()
  }

  /** Says why nothing more will be heard, and ends the connection. */
  dismiss(failure: Failure): void {
    this.#openId = undefined
    this.#send({ type: 'answer', id: null, ok: false, ...failure })
    this.end()
  }

  /**
   * Ends the connection once the open request is answered and everything is sent.
   *
   * What the other side still sends is read: closing with unread bytes would make it lose the answer, and a
   * write of its own would fail before it has read why.
   */
  end(): void {
    if (this.#state === 'ending' || this.#state === 'closed') return
    if (this.#openId !== undefined) {
      this.#endsAfterAnswer = true
      return
    }
    const isWaitedFor = this.#state === 'open'
    this.#state = 'ending'
    this.#socket.end()
    this.#setDeadline(this.#limits.lingerMs, () => this.#socket.destroy())
    if (!isWaitedFor) this.#socket.once('finish', () => this.#socket.destroy())
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    if (this.#state !== 'open') {
      this.#discardedBytes += chunk.length
      if (this.#discardedBytes > MAX_DISCARDED_BYTES) this.#socket.destroy()
      return
    }
    try {
      for (const payload of this.#reader.read(chunk)) {
        this.#understand(payload)
        if (this.#state !== 'open') return
      }
    } catch (error) {
      this.#refuseRest(failureOf(error))
    }
  }

  #understand(payload: Buffer): void {
    const decoded = decodeRequest(payload)
    if ('failure' in decoded) {
      // The request is unknown, not the language: it may ask for something else.
      if (decoded.failure.code === 'ERR_RESTART_UNKNOWN_REQUEST') this.#refuse(decoded.id, decoded.failure)
      else this.#refuseRest(decoded.failure, decoded.id)
      return
    }
    if (this.#openId !== undefined) {
      const message = `request ${decoded.id} came before the answer to request ${this.#openId}: ask one at a time`
      this.#refuse(decoded.id, { code: 'ERR_RESTART_MALFORMED', message })
      return
    }
    this.#openId = decoded.id
    clearTimeout(this.#deadline)
    this.#events.request(decoded.request)
  }

  /** Refuses one request; the connection goes on. */
  #refuse(id: number | null, failure: Failure): void {
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy()
    else this.#send({ type: 'answer', id, ok: false, ...failure })
  }

  /** Refuses what came, and listens no more; a request that is open gets its answer. */
  #refuseRest(failure: Failure, id: number | null = null): void {
    this.#send({ type: 'answer', id, ok: false, ...failure })
    if (this.#openId === undefined) this.end()
    else this.#state = 'half-closed'
  }

  #ended(): void {
    if (this.#state === 'ending') {
      this.#socket.destroySoon()
      return
    }
    if (this.#state !== 'open') return
    const { unfinished } = this.#reader
    this.#state = 'half-closed'
    if (unfinished !== undefined) {
      const message = `the connection ended in the middle of a frame: ${unfinished}`
      this.#send({ type: 'answer', id: null, ok: false, code: 'ERR_RESTART_MALFORMED', message })
    }
    // Who asked and ended its half, as `socat` does, still waits for the answer.
    if (this.#openId === undefined) this.end()
  }

  #closed(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#openId = undefined
    clearTimeout(this.#deadline)
    this.#events.closed()
  }

  /** Not begun anew by single bytes: only a whole request counts. */
  #expect(): void {
    this.#setDeadline(this.#limits.askTimeoutMs, () => {
      const message = `nothing was asked for ${this.#limits.askTimeoutMs} ms`
      this.dismiss({ code: 'ERR_RESTART_SILENT', message })
    })
  }

  #setDeadline(ms: number, passed: () => void): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(passed, ms)
    // The listener decides whether the process goes on.
    this.#deadline.unref()
  }

  #send(reply: Reply): void {
    if (this.#socket.writable) this.#socket.write(encodeReply(reply))
  }
}
