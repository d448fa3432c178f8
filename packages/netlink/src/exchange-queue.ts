import type { NetlinkTransport } from './binding.js'
import { MAX_REQUESTS_IN_FLIGHT, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST } from './constants.js'
import { closedError, errnoError, type NetlinkError } from './errors.js'
import type { Exchange, ExchangeOutcome } from './exchange.js'
import { encodeMessages, type NetlinkMessage } from './message.js'

/**
 * Sends exchanges in the order in which they came, and gives each the replies that carry its sequence numbers.
 *
 * No more than 64 requests are in flight, so that their acknowledgements fit the default receive buffer, and no more
 * than one dump: the kernel refuses a second one on the same socket. Requests may overtake a dump that waits.
 */
export class ExchangeQueue {
  readonly #transport: NetlinkTransport
  readonly #waiting: Exchange[] = []
  readonly #inFlight = new Map<number, Exchange>()
  readonly #activityChanged: () => void
  #nextSequence = 1
  #dumping = false
  #loss: NetlinkError | undefined
  #closed = false

  constructor(transport: NetlinkTransport, activityChanged: () => void) {
    this.#transport = transport
    this.#activityChanged = activityChanged
  }

  get isBusy(): boolean {
    return this.#inFlight.size > 0
  }

  async run(exchange: Exchange, signal: AbortSignal | undefined): Promise<ExchangeOutcome> {
    signal?.throwIfAborted()
    if (this.#closed) throw closedError(exchange.operation)
    const abort = () => {
      exchange.abandon(signal!.reason)
      const at = this.#waiting.indexOf(exchange)
      if (at >= 0) this.#waiting.splice(at, 1)
    }
    signal?.addEventListener('abort', abort)
    this.#waiting.push(exchange)
    this.#advance()
    try {
      return await exchange.outcome
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Takes a reply to a request under way; false if there is none that it could answer. */
  accept(message: NetlinkMessage): boolean {
    const exchange = this.#inFlight.get(message.sequence)
    if (exchange === undefined) return false
    if (!exchange.accept(message)) return true
    this.#forget(exchange)
    exchange.finish()
    this.#advance()
    return true
  }

  lost(error: NetlinkError): void {
    this.#loss ??= error
    for (const exchange of this.#inFlight.values()) {
      // The kernel queues the parts of a dump whatever the buffer holds: an overflow costs it nothing.
      if (!exchange.isDump || error.code !== 'ENOBUFS') exchange.loss ??= error
    }
  }

  /** The kernel answers within the sending call. So after a loss, what the empty queue did not answer was lost. */
  drained(): void {
    const loss = this.#loss
    this.#loss = undefined
    if (!loss) return
    for (const exchange of new Set(this.#inFlight.values())) {
      this.#forget(exchange)
      exchange.finishWithout(loss)
    }
    this.#advance()
  }

  close(reason: (operation: string) => NetlinkError): void {
    this.#closed = true
    const unanswered = new Set([...this.#inFlight.values(), ...this.#waiting])
    this.#inFlight.clear()
    this.#waiting.length = 0
    for (const exchange of unanswered) exchange.fail(reason(exchange.operation))
  }

  #advance(): void {
    for (let i = 0; i < this.#waiting.length; ) {
      const exchange = this.#waiting[i]!
      if (this.#inFlight.size + exchange.requests.length > MAX_REQUESTS_IN_FLIGHT) break
      if (exchange.isDump && this.#dumping) i++
      else {
        this.#waiting.splice(i, 1)
        this.#send(exchange)
      }
    }
    this.#activityChanged()
  }

  #send(exchange: Exchange): void {
    const flags = NLM_F_REQUEST | (exchange.isDump ? NLM_F_DUMP : 0)
    const messages = exchange.number(this.#nextSequence, flags, exchange.isDump ? flags : flags | NLM_F_ACK)
    this.#nextSequence = (this.#nextSequence + messages.length) >>> 0
    const sent = this.#transport.send(encodeMessages(messages))
    if (sent < 0) {
      exchange.fail(errnoError(sent, exchange.operation, { syscall: 'sendmsg' }))
      return
    }
    for (const sequence of exchange.sequences) this.#inFlight.set(sequence, exchange)
    if (exchange.isDump) this.#dumping = true
  }

  #forget(exchange: Exchange): void {
    for (const sequence of exchange.sequences) this.#inFlight.delete(sequence)
    if (exchange.isDump) this.#dumping = false
  }
}
