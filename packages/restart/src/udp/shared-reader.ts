import { binding } from '../binding.js'
import { RestartError } from '../errors/restart-error.js'
import { DatagramSocket } from './datagram-socket.js'
import { GenerationLink, Kind, type LinkEvents } from './generation-link.js'
import { OlderInstances } from './older-instances.js'
import { RecordSlab } from './record-slab.js'
import { routeKey } from './route.js'
import type { ReaderCounters } from './udp-counters.js'
import { offerSuccession, type UdpSuccession } from './udp-succession.js'

/** An older instance whose event loop hangs for longer may find that its peers have become new ones. */
const LIST_TIMEOUT_MS = 1000

/** What is done with datagrams. Neither call may throw. */
export interface DatagramUser {
  /** False: there is no session of this route. */
  deliver(key: string, record: Buffer): boolean
  /** From somebody that nobody has a session for. */
  accept(key: string, record: Buffer): void
  /** All routes that have a session. */
  keys(): ReadonlyMap<string, unknown>
}

/**
 * How far an instance is with a UDP socket: `waiting` for its predecessor, `asking` older ones for their
 * sessions, `reading`, `handed` to a successor, or `closed`.
 */
export type ReaderState = 'waiting' | 'asking' | 'reading' | 'handed' | 'closed'

/**
 * One of several processes that share a UDP socket, of which exactly one reads: it gives what belongs to the sessions of
 * older processes to them over links, and they answer through the socket itself.
 *
 * waiting → asking (older ones say what they own) → reading → handed (a newer one reads) → asking again if that one dies.
 */
export class SharedReader implements LinkEvents {
  readonly started: Promise<void>
  readonly #counters: ReaderCounters
  readonly #user: DatagramUser
  readonly #slab = new RecordSlab()
  readonly #older = new OlderInstances(this.#slab)
  readonly #socket: DatagramSocket
  #state: ReaderState = 'reading'
  /** The instance that reads before this one, or after it. */
  #other: GenerationLink | undefined
  readonly #ended: string[] = []
  #accepting = true
  #inBatch = false
  #stopAfterBatch = false
  #askTimer: NodeJS.Timeout | undefined
  #start!: () => void

  /** The descriptors of `predecessor` are its own from here on; of `fd` it makes a duplicate. */
  constructor(fd: number, predecessor: readonly number[], counters: ReaderCounters, user: DatagramUser) {
    this.#user = user
    this.#counters = counters
    this.started = new Promise((resolve) => {
      this.#start = resolve
    })
    // First, so that they are closed whatever fails.
    this.#other = this.#older.take(predecessor, this)
    try {
      this.#socket = new DatagramSocket(fd, this.#slab, (count) => this.#dispatchAll(count))
    } catch (error) {
      this.#other?.close()
      for (const link of this.#older.links) link.close()
      throw error
    }
    if (this.#other === undefined) {
      this.#read()
    } else {
      this.#state = 'waiting'
      this.#other.listen()
    }
  }

  /** Its own duplicate. */
  get fd(): number {
    return this.#socket.fd
  }

  get state(): ReaderState {
    return this.#state
  }

  /** Datagrams that were dropped because an older instance did not take them. */
  get overflows(): number {
    return this.#older.overflows
  }

  prepareSuccessor(): UdpSuccession {
    if (this.#state !== 'reading' || this.#other !== undefined) {
      const reason =
        this.#other === undefined ? `this instance is ${this.#state}` : 'there is a successor already'
      throw new RestartError(`Cannot hand over a UDP socket: ${reason}`, {
        code: 'ERR_RESTART_UDP_NOT_READING',
        hint: 'Only the instance that reads the socket has a successor, and one at a time: wait for `started`, or cancel the other one',
      })
    }
    const [near, far] = binding().socketPair('seqpacket')
    const link = new GenerationLink(near, this.#slab, this)
    this.#other = link
    link.listen()
    return offerSuccession(link, far, this.#older.links, () => this.gone(link))
  }

  /**
   * Takes no strangers from now on. If a successor is there, it reads instead. If there is none, what strangers send stays in
   * the socket, unless it must be read for sessions.
   */
  stopAccepting(): void {
    // What has been read already must not be lost.
    if (this.#inBatch) {
      this.#stopAfterBatch = true
      return
    }
    this.#accepting = false
    if (this.#state === 'reading' && this.#other !== undefined) this.#handOver(this.#other)
    this.#watch()
  }

  resumeAccepting(): void {
    this.#accepting = true
    this.#stopAfterBatch = false
    if (this.#state === 'handed') this.#other?.sendSignal(Kind.takeBack)
    this.#watch()
  }

  /** A session of this instance is over: its peer is a stranger to all from now on. */
  sessionEnded(key: string): void {
    if (this.#state !== 'handed') this.#watch()
    // Many may end at once.
    else if (this.#ended.push(key) === 1) setImmediate(() => this.#tellEnded())
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#askTimer)
    this.#socket.close()
    for (const link of this.#older.links) link.close()
    this.#other?.close()
    this.#start()
  }

  datagram(link: GenerationLink, record: Buffer): void {
    const key = routeKey(record)
    this.#counters.overLinks++
    if (this.#user.deliver(key, record)) return
    if (this.#state === 'handed') {
      this.#counters.bounced++
      this.#other?.forwardOne(record)
      return
    }
    // It has come back: the session there is over.
    this.#older.release(link, [key])
    const owner = this.#older.ownerOf(key)
    if (owner === undefined) this.#offer(key, record)
    else owner.forwardOne(record)
  }

  keys(link: GenerationLink, kind: number, keys: string[]): void {
    if (kind === Kind.owned) this.#older.claim(link, keys)
    else this.#older.release(link, keys)
    this.#watch()
  }

  signal(link: GenerationLink, kind: number): void {
    switch (kind) {
      case Kind.read:
        if (link === this.#other && (this.#state === 'waiting' || this.#state === 'handed')) this.#ask()
        break
      case Kind.list:
        this.#tellOwned(link)
        break
      case Kind.listed:
        link.listed = true
        this.#readIfAllListed()
        break
      case Kind.takeBack:
        this.#giveBack(link)
        break
      case Kind.dismissed:
        // This process may hold the socket, and shall not touch it.
        if (link === this.#other && this.#state === 'waiting') this.close()
    }
  }

  gone(link: GenerationLink): void {
    this.#older.forget(link)
    if (link === this.#other) {
      this.#other = undefined
      if (this.#state === 'waiting' || this.#state === 'handed') this.#ask()
    }
    this.#readIfAllListed()
    this.#watch()
  }

  #ask(): void {
    this.#state = 'asking'
    if (this.#other !== undefined) this.#older.links.add(this.#other)
    this.#other = undefined
    for (const link of this.#older.links) {
      link.listen()
      if (!link.listed) link.sendSignal(Kind.list)
    }
    this.#askTimer = setTimeout(() => this.#read(), LIST_TIMEOUT_MS)
    this.#readIfAllListed()
  }

  #readIfAllListed(): void {
    if (this.#state === 'asking' && this.#older.haveAllListed) this.#read()
  }

  #read(): void {
    clearTimeout(this.#askTimer)
    this.#state = 'reading'
    this.#watch()
    this.#start()
  }

  #handOver(to: GenerationLink): void {
    this.#state = 'handed'
    this.#other = to
    this.#watch()
    // The successor has descriptors of the same ends, and reads them from now on.
    for (const link of this.#older.links) link.pause()
    this.#tellOwned(to)
    to.sendSignal(Kind.read)
  }

  /** The instance before reads again; the sessions that came here meanwhile stay. */
  #giveBack(to: GenerationLink): void {
    if (this.#state !== 'reading' || this.#other !== undefined) return
    this.#older.links.delete(to)
    this.#accepting = false
    this.#handOver(to)
  }

  #tellOwned(link: GenerationLink): void {
    link.sendKeys(Kind.owned, this.#user.keys().keys())
    link.sendSignal(Kind.listed)
  }

  #tellEnded(): void {
    const ended = this.#ended.splice(0)
    if (this.#state === 'handed') this.#other?.sendKeys(Kind.ended, ended)
  }

  #watch(): void {
    if (this.#state === 'closed') return
    const needed = this.#accepting || this.#user.keys().size > 0 || !this.#older.ownsNothing
    this.#socket.read(this.#state === 'reading' && needed)
  }

  #dispatchAll(count: number): void {
    this.#inBatch = true
    for (let index = 0; index < count; index++) this.#dispatch(index)
    this.#counters.forwarded += this.#older.forward()
    this.#inBatch = false
    if (!this.#stopAfterBatch) return
    this.#stopAfterBatch = false
    this.stopAccepting()
  }

  #dispatch(index: number): void {
    const record = this.#slab.record(index)
    const key = routeKey(record)
    this.#counters.received++
    if (this.#user.deliver(key, record)) return
    const owner = this.#older.ownerOf(key)
    if (owner === undefined) this.#offer(key, record)
    else this.#older.collect(owner, index)
  }

  #offer(key: string, record: Buffer): void {
    if (this.#accepting && this.#state !== 'closed') this.#user.accept(key, record)
    else this.#counters.refusedStopping++
  }
}
