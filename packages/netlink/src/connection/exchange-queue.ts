import type { NetlinkTransport } from '../binding.js'
import { encodeMessages, type NetlinkMessage } from '../codec/message.js'
import { ENOBUFS, MAX_REQUESTS_IN_FLIGHT, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST } from '../constants.js'
import { closedError, errnoError, type NetlinkError } from '../errors/netlink-error.js'
import type { Exchange, ExchangeOutcome } from './exchange.js'
import { WaitingLine } from './waiting-line.js'

/** Somebody who sends by himself and waits for the answers to a range of sequence numbers. */
export interface ReplyRange {
  /** Takes a reply; false if it answers nothing of his. */
  accept(message: NetlinkMessage): boolean
  lost(error: NetlinkError): void
  /** The socket's queue is empty. */
  drained(): void
  closed(reason: (operation: string) => NetlinkError): void
}

/**
 * Sends exchanges in the order in which they came, and gives each the replies that carry its sequence number.
 *
 * No more than 64 requests are in flight, so that their acknowledgements fit the default receive buffer, and no more
 * than one dump: the kernel refuses a second one on the same socket. Requests may overtake a dump that waits.
 */
export class ExchangeQueue {
  readonly #transport: NetlinkTransport
  readonly #waitingRequests = new WaitingLine<Exchange>()
  readonly #waitingDumps = new WaitingLine<Exchange>()
  readonly #inFlight = new Map<number, Exchange>()
  readonly #ranges: ReplyRange[] = []
  readonly #activityChanged: () => void
  /** Whether the kernel does not tell that it dropped something (NETLINK_NO_ENOBUFS). */
  readonly lossIsSilent: boolean
  #nextSequence = 1
  #nextArrival = 0
  #dumping = false
  #loss: NetlinkError | undefined
  #isClosed = false

  constructor(transport: NetlinkTransport, lossIsSilent: boolean, activityChanged: () => void) {
    this.#transport = transport
    this.lossIsSilent = lossIsSilent
    this.#activityChanged = activityChanged
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  /** A loss after which the queue was not empty yet: until it is, the kernel drops what it would add, and says so no more. */
  get openLoss(): NetlinkError | undefined {
    return this.#loss
  }

  /** Whether anybody waits for an answer. */
  get isBusy(): boolean {
    if (this.#ranges.length > 0) return true
    for (const { isAbandoned, isPaused } of this.#inFlight.values())
      if (!isAbandoned && !isPaused) return true
    return false
  }

  /** Whether the only thing under way is a dump that wants no more for now. */
  get isPaused(): boolean {
    const areWaiting = this.#waitingRequests.length + this.#waitingDumps.length + this.#ranges.length > 0
    if (areWaiting || this.#inFlight.size !== 1) return false
    for (const { isPaused } of this.#inFlight.values()) return isPaused
    return false
  }

  async run(exchange: Exchange, signal?: AbortSignal): Promise<ExchangeOutcome> {
    signal?.throwIfAborted()
    if (this.#isClosed) throw closedError(exchange.operation)
    const abort = () => this.abandon(exchange, signal!.reason)
    signal?.addEventListener('abort', abort)
    exchange.arrival = this.#nextArrival++
    this.#lineOf(exchange).push(exchange)
    this.#advance()
    try {
      return await exchange.outcome
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  abandon(exchange: Exchange, reason: unknown): void {
    exchange.abandon(reason)
    if (!this.#inFlight.has(exchange.sequence)) this.#lineOf(exchange).remove(exchange)
    this.#activityChanged()
  }

  enroll(range: ReplyRange): void {
    this.#ranges.push(range)
    this.#activityChanged()
  }

  dismiss(range: ReplyRange): void {
    const at = this.#ranges.indexOf(range)
    if (at >= 0) this.#ranges.splice(at, 1)
    this.#activityChanged()
  }

  /** The first of `count` sequence numbers that nobody else will use. */
  takeSequences(count: number): number {
    const first = this.#nextSequence
    this.#nextSequence = (first + count) >>> 0
    return first
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Takes a reply to a request under way; false if there is none that it could answer. */
  accept(message: NetlinkMessage): boolean {
    for (const range of this.#ranges) if (range.accept(message)) return true
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
    for (const range of this.#ranges) range.lost(error)
    for (const exchange of this.#inFlight.values()) {
      // The kernel queues the parts of a dump whatever the buffer holds: an overflow costs it nothing.
      if (!exchange.isDump || error.code !== 'ENOBUFS') exchange.loss ??= error
    }
  }

  /** The kernel answers within the sending call. So after a loss, what the empty queue did not answer was lost. */
  drained(): void {
    for (const range of [...this.#ranges]) range.drained()
    const loss = this.#loss
    this.#loss = undefined
    if (!loss && !this.lossIsSilent) return
    let hasChanged = false
    for (const exchange of [...this.#inFlight.values()]) {
      // Without a loss, a dump that goes on has merely not been continued yet.
      if (!loss && exchange.isDump) continue
      this.#forget(exchange)
      this.#finishWithout(exchange, loss ?? errnoError(ENOBUFS, exchange.operation))
      hasChanged = true
    }
    if (hasChanged) this.#advance()
  }

  close(reason: (operation: string) => NetlinkError): void {
    this.#isClosed = true
    const unanswered = [
      ...this.#inFlight.values(),
      ...this.#waitingRequests.takeAll(),
      ...this.#waitingDumps.takeAll(),
    ]
    this.#inFlight.clear()
    for (const exchange of unanswered) exchange.fail(reason(exchange.operation))
    for (const range of this.#ranges.splice(0)) range.closed(reason)
  }

  #finishWithout(exchange: Exchange, loss: NetlinkError): void {
    if (!exchange.isDump) exchange.fail(loss)
    else {
      exchange.loss = loss
      exchange.finish()
    }
  }

  #advance(): void {
    while (this.#inFlight.size < MAX_REQUESTS_IN_FLIGHT) {
      const request = this.#waitingRequests.first
      const dump = this.#dumping ? undefined : this.#waitingDumps.first
      if (dump && (!request || dump.arrival < request.arrival)) this.#send(this.#waitingDumps.shift()!)
      else if (request) this.#send(this.#waitingRequests.shift()!)
      else break
    }
    this.#activityChanged()
  }

  #lineOf({ isDump }: Exchange): WaitingLine<Exchange> {
    return isDump ? this.#waitingDumps : this.#waitingRequests
  }

  #send(exchange: Exchange): void {
    const { type, flags = 0 } = exchange.request
    const sequence = this.takeSequences(1)
    const message = {
      type,
      flags: flags | NLM_F_REQUEST | (exchange.isDump ? NLM_F_DUMP : NLM_F_ACK),
      sequence,
      payload: exchange.payload,
    }
    const sent = this.#transport.send(encodeMessages([message]))
    if (sent < 0) {
      exchange.fail(errnoError(sent, exchange.operation, { syscall: 'sendmsg' }))
      return
    }
    exchange.sequence = sequence
    this.#inFlight.set(sequence, exchange)
    if (exchange.isDump) this.#dumping = true
  }

  #forget(exchange: Exchange): void {
    this.#inFlight.delete(exchange.sequence)
    if (exchange.isDump) this.#dumping = false
  }
}
