import { constants } from 'node:os'
import { binding } from '../binding.js'
import { type DescriptorPoll, READABLE, WRITABLE } from '../channel/channel-binding.js'
import type { RecordSlab } from './record-slab.js'
import { RECORD_HEADER_BYTES, ROUTE_BYTES, routeOfKey } from './route.js'

/** First byte of what goes over a link. All but datagrams are a few bytes, or a list of routes. */
export const Kind = {
  /** To an older instance: for your session. From it: I have no such session, take the peer as a new one. */
  datagram: 0,
  /** These routes have sessions here. */
  owned: 1,
  /** These have no longer. */
  ended: 2,
  /** I do not read the socket any more: it is your turn. */
  read: 3,
  /** Tell me what you own. */
  list: 4,
  /** That was all I own. */
  listed: 5,
  /** Give the socket back. */
  takeBack: 6,
  /** You will not be the next one: never read. */
  dismissed: 7,
} as const

const { EAGAIN, EINTR } = constants.errno

const ROUTES_PER_MESSAGE = 400
/** What one process keeps in memory for another that does not read; then datagrams are dropped, and counted. */
const BACKLOG_BYTES = 4 * 1024 * 1024
const SEND_BUFFER_BYTES = 4 * 1024 * 1024
const BATCHES_A_TURN = 8

export interface LinkEvents {
  /** The record is good until the call returns. */
  datagram(link: GenerationLink, record: Buffer): void
  keys(link: GenerationLink, kind: number, keys: string[]): void
  signal(link: GenerationLink, kind: number): void
  /** The other process has closed its end or is dead. */
  gone(link: GenerationLink): void
}

/**
 * One end of a SEQPACKET pair between two instances that share a UDP socket. It owns its descriptor. Nothing is lost and the order
 * is kept, but for datagrams when the other side does not read for a long time.
 */
export class GenerationLink {
  readonly fd: number
  /** The other side has told everything that it owns. */
  listed = false
  /** Datagrams that were dropped here. */
  overflows = 0
  readonly #events: LinkEvents
  readonly #slab: RecordSlab
  readonly #poll: DescriptorPoll
  #backlog: Buffer[] = []
  #backlogBytes = 0
  #listening = false
  #closed = false

  constructor(fd: number, slab: RecordSlab, events: LinkEvents) {
    this.fd = fd
    this.#slab = slab
    this.#events = events
    // As far as the system allows; what does not fit waits in the backlog.
    binding().setSendBuffer(fd, SEND_BUFFER_BYTES)
    this.#poll = new (binding().DescriptorPoll)(fd, true)
  }

  get isClosed(): boolean {
    return this.#closed
  }

  listen(): void {
    this.#listening = true
    this.#watch()
  }

  /** What comes meanwhile stays in the socket, for whoever has another descriptor of it. */
  pause(): void {
    this.#listening = false
    this.#watch()
  }

  sendSignal(kind: number): void {
    this.#send(Buffer.of(kind))
  }

  sendKeys(kind: number, keys: Iterable<string>): void {
    let routes: Buffer[] = []
    const flush = () => {
      if (routes.length > 0) this.#send(Buffer.concat([Buffer.of(kind), ...routes]))
      routes = []
    }
    for (const key of keys) {
      routes.push(routeOfKey(key))
      if (routes.length === ROUTES_PER_MESSAGE) flush()
    }
    flush()
  }

  /** Datagrams in `bytes` at `spans`, pairs of offset and length. What does not fit now is copied. */
  forward(bytes: Buffer, spans: Int32Array, count: number): void {
    if (this.#closed) return
    let sent = 0
    if (this.#backlog.length === 0) sent = Math.max(0, binding().sendRecords(this.fd, bytes, spans, count))
    for (let index = sent; index < count; index++) {
      const offset = spans[2 * index]!
      const length = spans[2 * index + 1]!
      if (this.#backlogBytes + length > BACKLOG_BYTES) this.overflows++
      else this.#keep(Buffer.from(bytes.subarray(offset, offset + length)))
    }
    if (sent < count) this.#watch()
  }

  forwardOne(record: Buffer): void {
    this.forward(record, Int32Array.of(0, record.length), 1)
  }

  close(): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.#poll.close()
    binding().closeFd(this.fd)
  }

  #send(message: Buffer): void {
    if (this.#closed) return
    this.#keep(message)
    this.#flush()
    this.#watch()
  }

  #keep(message: Buffer): void {
    this.#backlog.push(message)
    this.#backlogBytes += message.length
  }

  #flush(): void {
    let sent = 0
    for (const message of this.#backlog) {
      const outcome = binding().sendRecords(this.fd, message, Int32Array.of(0, message.length), 1)
      if (outcome === -EAGAIN) break
      // Or nobody is there to read it, which shows when this end is read.
      sent++
      this.#backlogBytes -= message.length
    }
    this.#backlog = this.#backlog.slice(sent)
  }

  #watch(): void {
    if (this.#closed) return
    const events = (this.#listening ? READABLE : 0) | (this.#backlog.length > 0 ? WRITABLE : 0)
    if (events === 0) this.#poll.stop()
    else this.#poll.start(events, () => this.#ready())
  }

  #ready(): void {
    if (this.#backlog.length > 0) {
      this.#flush()
      if (this.#backlog.length === 0) this.#watch()
    }
    for (let batch = 0; batch < BATCHES_A_TURN && this.#listening && !this.#closed; batch++) {
      const count = this.#slab.receive(binding().receiveRecords, this.fd)
      for (let index = 0; index < count && !this.#closed; index++) this.#dispatch(this.#slab.record(index))
      if (count < 0 && this.#isOver(count)) this.#end()
      if (!this.#slab.isFull(count)) return
    }
  }

  #isOver(errno: number): boolean {
    return errno !== -EAGAIN && errno !== -EINTR
  }

  #dispatch(record: Buffer): void {
    if (record.length === 0) {
      this.#end()
      return
    }
    const kind = record[0]!
    if (kind === Kind.datagram) {
      if (record.length >= RECORD_HEADER_BYTES) this.#events.datagram(this, record)
    } else if (kind === Kind.owned || kind === Kind.ended) {
      const keys: string[] = []
      for (let at = 1; at + ROUTE_BYTES <= record.length; at += ROUTE_BYTES) {
        keys.push(record.toString('latin1', at, at + ROUTE_BYTES))
      }
      this.#events.keys(this, kind, keys)
    } else {
      this.#events.signal(this, kind)
    }
  }

  #end(): void {
    if (this.#closed) return
    this.close()
    this.#events.gone(this)
  }
}
