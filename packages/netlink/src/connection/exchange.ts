import { decodeAcknowledgement } from '../codec/acknowledgement.js'
import type { AttributeTable } from '../codec/attribute-path.js'
import type { NetlinkMessage } from '../codec/message.js'
import { NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP } from '../constants.js'
import { errnoError, type NetlinkError } from '../errors/netlink-error.js'
import { refusalOf } from './refusal.js'

/** One request, without what the connection adds: length, sequence and the REQUEST and ACK flags. */
export interface NetlinkRequest {
  type: number
  /** NLM_F_CREATE and the like. @default 0 */
  flags?: number
  /** The family's header and its attributes. @default empty */
  payload?: Uint8Array
  /** Names the request in errors. @default `message type <type>` */
  operation?: string
  /** Lets errors name the refused attribute as `attributePath`. @default none */
  attributeNames?: AttributeTable | undefined
}

export interface ExchangeOutcome {
  /** The dumped table changed under the dump: entries may be missing or doubled. */
  interrupted: boolean
  /** Replies may be missing. */
  loss: NetlinkError | undefined
}

const NOTHING = new Uint8Array(0)

/** One request on its way to the kernel, and what has come back. */
export class Exchange {
  readonly outcome: Promise<ExchangeOutcome>
  /** 0 until it is sent. */
  sequence = 0
  arrival = 0
  loss: NetlinkError | undefined
  /** Of a dump: whoever asked for it wants no more for now. */
  isPaused = false
  interrupted = false
  #isAbandoned = false
  #failure: { reason: unknown } | undefined
  #resolve!: (outcome: ExchangeOutcome) => void
  #reject!: (reason: unknown) => void

  constructor(
    readonly request: NetlinkRequest,
    readonly isDump: boolean,
    readonly onMessage?: (message: NetlinkMessage) => void,
  ) {
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get operation(): string {
    return this.request.operation ?? `message type ${this.request.type}`
  }

  get payload(): Uint8Array {
    return this.request.payload ?? NOTHING
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned
  }

  /** Takes one reply; true when it was the last. */
  accept(message: NetlinkMessage): boolean {
    if (this.isDump && (message.flags & NLM_F_DUMP_INTR) !== 0) this.interrupted = true
    const isLast = message.type === NLMSG_ERROR || message.type === NLMSG_DONE
    try {
      if (isLast) this.#acknowledge(message)
      else if (message.type !== NLMSG_NOOP && !this.#isAbandoned && !this.#failure) this.onMessage?.(message)
    } catch (reason) {
      this.#failure ??= { reason }
    }
    return isLast
  }

  finish(): void {
    if (this.#failure) this.#reject(this.#failure.reason)
    else this.#resolve({ interrupted: this.interrupted, loss: this.loss })
  }

  fail(reason: unknown): void {
    this.#reject(reason)
  }

  /** Nobody waits any more. What still comes back is swallowed, and has to come before the next dump. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true
    this.isPaused = false
    this.#reject(reason)
  }

  #acknowledge(message: NetlinkMessage): void {
    const acknowledgement = decodeAcknowledgement(message)
    if (acknowledgement.errno === 0 || this.#failure) return
    const refusal = refusalOf(acknowledgement, this.payload, this.request.attributeNames)
    throw errnoError(acknowledgement.errno, this.operation, refusal)
  }
}
