import { constants } from 'node:os'
import { errnoError } from '../errors/restart-error.js'
import { channelClosed } from './channel-error.js'
import type { Packet } from './outgoing.js'

const { EAGAIN, ECONNREFUSED, ECONNRESET, ENOBUFS, ENOMEM, ENOTCONN, EPIPE } = constants.errno
// Not among Node's constants.
const ETOOMANYREFS = 109

/** The other end takes descriptors in, or memory comes free, without a word to us. */
const RETRY_MS = 5

const blocked = new Set([-EAGAIN])
const retried = new Set([-ETOOMANYREFS, -ENOBUFS, -ENOMEM])
const gone = new Set([-EPIPE, -ECONNRESET, -ECONNREFUSED, -ENOTCONN])

export interface Sending {
  packets: Iterator<Packet>
  resolve: () => void
  reject: (error: unknown) => void
}

interface Current {
  sending: Sending
  packet: Packet
  isFirst: boolean
}

export interface OutboxEvents {
  /** Bytes sent, or `-errno`. */
  write(packet: Packet): number
  /** The half of a message is with the other end, and the rest will never come. */
  broken(error: Error): void
}

/** Messages on their way into the kernel: one after the other, each whole. */
export class Outbox {
  readonly #events: OutboxEvents
  readonly #waiting: Sending[] = []
  #current: Current | undefined
  #isBlocked = false
  #retry: NodeJS.Timeout | undefined

  constructor(events: OutboxEvents) {
    this.#events = events
  }

  /** Whether it waits for the descriptor to become writable. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  add(sending: Sending): void {
    this.#waiting.push(sending)
    if (!this.#current) this.flush()
  }

  /** Takes a message back. Of one that is half sent the rest may not be: its descriptors are their owner's again. */
  withdraw(sending: Sending, error: Error): void {
    const index = this.#waiting.indexOf(sending)
    if (index >= 0) this.#waiting.splice(index, 1)
    if (this.#current?.sending !== sending) return
    const { isFirst } = this.#current
    this.#current = undefined
    if (isFirst) this.flush()
    else this.#events.broken(error)
  }

  /** Sends until the kernel takes no more. */
  flush(): void {
    this.#isBlocked = false
    clearTimeout(this.#retry)
    this.#retry = undefined
    for (;;) {
      this.#current ??= this.#next()
      if (!this.#current) return
      const result = this.#events.write(this.#current.packet)
      if (result >= 0) this.#sent(this.#current)
      else if (blocked.has(result)) {
        this.#isBlocked = true
        return
      } else if (retried.has(result)) {
        this.#retry = setTimeout(() => this.flush(), RETRY_MS)
        return
      } else if (!this.#refused(this.#current, result)) return
    }
  }

  /** All that is not in the kernel never will be. */
  fail(error: unknown): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#isBlocked = false
    const current = this.#current?.sending
    this.#current = undefined
    current?.reject(error)
    for (const sending of this.#waiting.splice(0)) sending.reject(error)
  }

  #next(): Current | undefined {
    const sending = this.#waiting.shift()
    return sending && { sending, packet: sending.packets.next().value as Packet, isFirst: true }
  }

  #sent({ sending }: Current): void {
    const { done, value } = sending.packets.next()
    this.#current = done ? undefined : { sending, packet: value, isFirst: false }
    if (done) sending.resolve()
  }

  /** Whether to go on with the next message. */
  #refused({ sending, isFirst }: Current, errno: number): boolean {
    const error = gone.has(errno)
      ? channelClosed('the other end', errnoError(errno, 'send', undefined, { syscall: 'sendmsg' }))
      : errnoError(errno, 'send a message', undefined, { syscall: 'sendmsg' })
    if (gone.has(errno)) {
      this.fail(error)
      return false
    }
    this.#current = undefined
    sending.reject(error)
    if (!isFirst) this.#events.broken(error)
    return isFirst
  }
}
