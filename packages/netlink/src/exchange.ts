import { decodeAcknowledgement } from './acknowledgement.js'
import { NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP } from './constants.js'
import { errnoError, type NetlinkError } from './errors.js'
import type { NetlinkMessage, OutgoingMessage } from './message.js'

/** One request, without what the connection adds: length, sequence and the REQUEST and ACK flags. */
export interface NetlinkRequest {
  type: number
  /** NLM_F_CREATE and the like. @default 0 */
  flags?: number
  /** The family's header and its attributes. @default empty */
  payload?: Uint8Array
  /** Names the request in errors. @default `message type <type>` */
  operation?: string
}

export interface ExchangeOutcome {
  /** One place per request: what the kernel said against it. */
  errors: (NetlinkError | undefined)[]
  /** The dumped table changed under the dump: entries may be missing or doubled. */
  interrupted: boolean
  /** Replies may be missing. */
  loss: NetlinkError | undefined
}

/**
 * One datagram of requests on its way to the kernel, and what has come back.
 *
 * Only the last request asks for an acknowledgement: the kernel handles them in order, failures of the others come
 * back by themselves, so its answer is the fence behind which silence means success.
 */
export class Exchange {
  readonly outcome: Promise<ExchangeOutcome>
  loss: NetlinkError | undefined
  #abandoned = false
  #firstSequence = 0
  #interrupted = false
  #failure: unknown
  #failed = false
  readonly #errors: (NetlinkError | undefined)[]
  #resolve!: (outcome: ExchangeOutcome) => void
  #reject!: (reason: unknown) => void

  constructor(
    readonly requests: readonly NetlinkRequest[],
    readonly isDump: boolean,
    readonly onMessage?: (message: NetlinkMessage) => void,
  ) {
    this.#errors = requests.map(() => undefined)
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get operation(): string {
    return operationOf(this.requests[0]!)
  }

  get sequences(): number[] {
    return this.requests.map((_, index) => (this.#firstSequence + index) >>> 0)
  }

  number(firstSequence: number, flags: number, lastFlags: number): OutgoingMessage[] {
    this.#firstSequence = firstSequence
    return this.requests.map((request, index) => ({
      type: request.type,
      flags: (request.flags ?? 0) | (index === this.requests.length - 1 ? lastFlags : flags),
      sequence: (firstSequence + index) >>> 0,
      payload: request.payload ?? new Uint8Array(0),
    }))
  }

  /** Takes one reply; true when it was the last. */
  accept(message: NetlinkMessage): boolean {
    const index = (message.sequence - this.#firstSequence) >>> 0
    if (this.isDump && (message.flags & NLM_F_DUMP_INTR) !== 0) this.#interrupted = true
    try {
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE)
        return this.#acknowledge(index, message)
      if (message.type !== NLMSG_NOOP && !this.#abandoned && !this.#failed) this.onMessage?.(message)
    } catch (error) {
      this.#failed = true
      this.#failure = error
      // What cannot be read here cannot be told from the last word.
      return message.type === NLMSG_ERROR || message.type === NLMSG_DONE
    }
    return false
  }

  finish(): void {
    if (this.#failed) this.#reject(this.#failure)
    else this.#resolve({ errors: this.#errors, interrupted: this.#interrupted, loss: this.loss })
  }

  fail(reason: unknown): void {
    this.#reject(reason)
  }

  /** Nobody waits any more. What still comes back is swallowed, and has to come before the next dump. */
  abandon(reason: unknown): void {
    this.#abandoned = true
    this.#reject(reason)
  }

  /** The answer will not come: whatever has none is marked with what was lost. */
  finishWithout(error: NetlinkError): void {
    this.loss = error
    for (const [index, known] of this.#errors.entries()) this.#errors[index] = known ?? error
    this.finish()
  }

  #acknowledge(index: number, message: NetlinkMessage): boolean {
    const { errno, ...words } = decodeAcknowledgement(message)
    if (errno !== 0) this.#errors[index] = errnoError(errno, operationOf(this.requests[index]!), words)
    return index === this.requests.length - 1
  }
}

function operationOf({ operation, type }: NetlinkRequest): string {
  return operation ?? `message type ${type}`
}
