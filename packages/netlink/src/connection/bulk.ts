import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NetlinkTransport } from '../binding.js'
import { decodeAcknowledgement } from '../codec/acknowledgement.js'
import type { AttributeTable } from '../codec/attribute-path.js'
import { DatagramWriter } from '../codec/datagram-writer.js'
import type { NetlinkMessage } from '../codec/message.js'
import type { PayloadWriter } from '../codec/payload-writer.js'
import {
  EEXIST,
  EMSGSIZE,
  ENOBUFS,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_NOOP,
  TURN_MS,
} from '../constants.js'
import { closedError, errnoError, type KernelRefusal, type NetlinkError } from '../errors/netlink-error.js'
import { DATAGRAM_BYTES } from './bulk-options.js'
import { BULK_ERROR, BULK_EXISTS, BULK_OK, BULK_UNKNOWN, BulkResult } from './bulk-result.js'
import type { ExchangeQueue, ReplyRange } from './exchange-queue.js'
import type { MessageSource } from './message-source.js'
import { refusalOf } from './refusal.js'

/** What is to be sent: one function per property that may differ from message to message. */
export interface BulkPlan {
  count: number
  messagesPerDatagram: number
  type(index: number): number
  flags(index: number): number
  operation(index: number): string
  attributeNames(index: number): AttributeTable | undefined
  write(index: number, writer: PayloadWriter): void
  reply?: ((index: number, message: NetlinkMessage) => void) | undefined
}

export interface BulkWire {
  transport: NetlinkTransport
  exchanges: ExchangeQueue
  source: MessageSource
  /** Whether anything but the bulk may be in the receive queue. */
  isShared(): boolean
}

/**
 * Sends many messages, a datagram at a time, and reads its answers before the next one is written.
 *
 * Only the last message of a datagram asks for an acknowledgement: the kernel handles them in order, goes on after a
 * refusal and reports it by itself, so the last answer is the fence behind which silence means success (on a reliable
 * connection, where a loss is silent, each message asks). It answers within
 * the sending call; therefore nothing is gained by a second datagram under way, and the answers of one are all the
 * receive buffer has to hold.
 */
export class Bulk implements ReplyRange {
  readonly #plan: BulkPlan
  readonly #wire: BulkWire
  readonly #writer = new DatagramWriter()
  readonly #outcomes: Uint8Array
  readonly #errnos: Int16Array
  readonly #refusals = new Map<number, KernelRefusal>()
  #messagesPerDatagram: number
  /** Index of the datagram's first message, and where in the datagram the part under way begins and ends. */
  #base = 0
  #first = 0
  #end = 0
  #sequence = 0
  #isFenced = true
  #loss: NetlinkError | undefined
  #anyLoss: NetlinkError | undefined
  #failure: { reason: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(plan: BulkPlan, wire: BulkWire) {
    this.#plan = plan
    this.#wire = wire
    this.#messagesPerDatagram = plan.messagesPerDatagram
    this.#outcomes = new Uint8Array(plan.count).fill(BULK_UNKNOWN)
    this.#errnos = new Int16Array(plan.count)
  }

  async run(signal: AbortSignal | undefined): Promise<BulkResult> {
    // Whoever called may stand in a listener that is called while the socket is read.
    await undefined
    const abort = () => this.#fail(signal!.reason)
    signal?.throwIfAborted()
    this.#throwIfStopped()
    signal?.addEventListener('abort', abort)
    this.#wire.exchanges.enroll(this)
    try {
      await this.#sendAll()
    } finally {
      this.#wire.exchanges.dismiss(this)
      signal?.removeEventListener('abort', abort)
    }
    const { operation } = this.#plan
    return new BulkResult(this.#outcomes, this.#errnos, this.#refusals, operation, this.#anyLoss)
  }

  accept(message: NetlinkMessage): boolean {
    const offset = (message.sequence - this.#sequence - this.#first) >>> 0
    if (this.#isFenced || offset >= this.#end - this.#first) return false
    try {
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) this.#answer(offset, message)
      else if (message.type !== NLMSG_NOOP) this.#plan.reply?.(this.#base + this.#first + offset, message)
    } catch (reason) {
      this.#fail(reason)
    }
    return true
  }

  lost(error: NetlinkError): void {
    if (!this.#isFenced) this.#loss ??= error
  }

  drained(): void {
    if (this.#isFenced) return
    // The kernel has answered within the sending call: what is not in the queue will not come.
    if (this.#loss || this.#wire.exchanges.lossIsSilent) {
      this.#loss ??= errnoError(ENOBUFS, 'receive')
      this.#settle()
    }
  }

  closed(reason: (operation: string) => NetlinkError): void {
    this.#fail(reason(this.#operation()))
  }

  async #sendAll(): Promise<void> {
    let turnEnd = performance.now() + TURN_MS
    for (this.#base = 0; this.#base < this.#plan.count; this.#base += this.#writer.count) {
      this.#throwIfStopped()
      this.#fill()
      await this.#send(0, this.#writer.count)
      if (performance.now() > turnEnd) {
        await nextTurn()
        turnEnd = performance.now() + TURN_MS
      }
    }
    this.#throwIfStopped()
  }

  #throwIfStopped(): void {
    if (this.#failure) throw this.#failure.reason
    if (this.#wire.exchanges.isClosed) throw closedError(this.#operation())
  }

  /** Names the datagram under way. */
  #operation(): string {
    return this.#plan.count === 0 ? 'bulk' : this.#plan.operation(Math.min(this.#base, this.#plan.count - 1))
  }

  #fill(): void {
    const { type, flags, write, count } = this.#plan
    const writer = this.#writer
    // Where a loss is silent, silence is no success: the answer to a later and smaller message may have found room.
    const more = this.#wire.exchanges.lossIsSilent ? NLM_F_REQUEST | NLM_F_ACK : NLM_F_REQUEST
    writer.clear()
    const most = Math.min(this.#messagesPerDatagram, count - this.#base)
    const sequence = this.#wire.exchanges.takeSequences(most)
    for (let i = 0; i < most && writer.byteLength < DATAGRAM_BYTES; i++) {
      const index = this.#base + i
      writer.begin(type(index), flags(index) | more, (sequence + i) >>> 0)
      write(index, writer)
      writer.end()
    }
    this.#sequence = sequence
  }

  /** Sends a part of the datagram; one that is larger than the send buffer goes in halves. */
  async #send(first: number, end: number): Promise<void> {
    this.#throwIfStopped()
    const { transport, exchanges, source, isShared } = this.#wire
    const writer = this.#writer
    writer.addFlags(end - 1, NLM_F_ACK)
    // What others left in the queue is not to crowd out our answers.
    if (isShared() || exchanges.openLoss) source.read()
    const sent = transport.send(writer.slice(first, end))
    if (sent === EMSGSIZE && end - first > 1) {
      const middle = (first + end) >> 1
      this.#messagesPerDatagram = middle - first
      await this.#send(first, middle)
      await this.#send(middle, end)
      return
    }
    this.#first = first
    this.#end = end
    if (sent < 0) {
      for (let i = first; i < end; i++) this.#refuse(this.#base + i, sent, { syscall: 'sendmsg' })
      return
    }
    this.#isFenced = false
    this.#loss = exchanges.openLoss
    while (!this.#isFenced && source.readBatch()) {}
    if (!this.#isFenced) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#throwIfStopped()
  }

  #answer(offset: number, message: NetlinkMessage): void {
    const at = this.#first + offset
    const index = this.#base + at
    const acknowledgement = decodeAcknowledgement(message)
    if (acknowledgement.errno === 0) this.#outcomes[index] = BULK_OK
    else if (acknowledgement.kernelMessage === undefined && acknowledgement.attributeOffset === undefined) {
      this.#refuse(index, acknowledgement.errno)
    } else {
      const payload = this.#writer.slice(at, at + 1).subarray(NLMSG_HDRLEN)
      const names = this.#plan.attributeNames(index)
      this.#refuse(index, acknowledgement.errno, refusalOf(acknowledgement, payload, names))
    }
    if (at === this.#end - 1) this.#settle()
  }

  #refuse(index: number, errno: number, refusal?: KernelRefusal): void {
    this.#outcomes[index] = errno === EEXIST ? BULK_EXISTS : BULK_ERROR
    this.#errnos[index] = errno
    if (refusal) this.#refusals.set(index, refusal)
  }

  /** Silence was success, unless a refusal may have been lost. */
  #settle(): void {
    if (this.#loss) this.#anyLoss ??= this.#loss
    else if (!this.#wire.exchanges.lossIsSilent) {
      for (let index = this.#base + this.#first; index < this.#base + this.#end; index++) {
        if (this.#outcomes[index] === BULK_UNKNOWN) this.#outcomes[index] = BULK_OK
      }
    }
    this.#isFenced = true
    this.#wake?.()
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason }
    this.#isFenced = true
    this.#wake?.()
  }
}
