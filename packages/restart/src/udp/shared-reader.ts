import { binding } from '../binding.js'
import { type DescriptorPoll, READABLE } from '../channel/channel-binding.js'
import { RestartError, systemError } from '../errors/restart-error.js'
import { GenerationLink, Kind, type LinkEvents } from './generation-link.js'
import { OlderInstances } from './older-instances.js'
import { RecordSlab } from './record-slab.js'
import { routeKey } from './route.js'
import type { ReaderCounters } from './udp-counters.js'

const BATCHES_A_TURN = 8
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

/** What goes to the next process, so that it can take over the socket. */
export interface UdpSuccession {
  /** In this order. Still ours: duplicates reach the other process, by `stdio` or in a message. */
  readonly fds: readonly number[]
  /** Must be called when they are there, or have failed to get there: the death of the other process shows by its end being closed. */
  passed(): void
  /** Nothing came of it: the other process will never read. */
  cancel(): void
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
  readonly fd: number
  readonly started: Promise<void>
  readonly #counters: ReaderCounters
  readonly #user: DatagramUser
  readonly #slab = new RecordSlab()
  readonly #older = new OlderInstances(this.#slab)
  readonly #poll: DescriptorPoll
  #state: ReaderState = 'reading'
  /** The instance that reads before this one, or after it. */
  #other: GenerationLink | undefined
  readonly #ended: string[] = []
  #accepting = true
  #polling = false
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
    try {
      binding().prepareDatagrams(fd)
    } catch (error) {
      throw systemError(error, 'read datagrams', 'The descriptor must be that of a UDP socket')
    }
    this.fd = binding().duplicateFd(fd)
    this.#poll = new (binding().DescriptorPoll)(this.fd)
    this.#other = this.#takeLinks(predecessor).shift()
    if (this.#other !== undefined) this.#older.links.delete(this.#other)
    if (this.#other === undefined) {
      this.#read()
    } else {
      this.#state = 'waiting'
      this.#other.listen()
    }
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
    let open = true
    const passed = () => {
      if (open) binding().closeFd(far)
      open = false
    }
    const cancel = () => {
      passed()
      if (link.isClosed) return
      link.sendSignal(Kind.dismissed)
      link.close()
      this.gone(link)
    }
    return { fds: [far, ...[...this.#older.links].map((older) => older.fd)], passed, cancel }
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
    this.#polling = false
    clearTimeout(this.#askTimer)
    this.#poll.close()
    for (const link of this.#older.links) link.close()
    this.#other?.close()
    binding().closeFd(this.fd)
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

  #takeLinks(fds: readonly number[]): GenerationLink[] {
    try {
      for (const fd of fds) this.#older.links.add(new GenerationLink(fd, this.#slab, this))
      return [...this.#older.links]
    } catch (error) {
      this.close()
      throw systemError(
        error,
        'take a UDP socket over',
        '`predecessor` must be what `fds` of a succession became here',
      )
    }
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
    const polling = this.#state === 'reading' && needed
    if (polling === this.#polling) return
    this.#polling = polling
    if (polling) this.#poll.start(READABLE, () => this.#ready())
    else this.#poll.stop()
  }

  #ready(): void {
    for (let batch = 0; batch < BATCHES_A_TURN && this.#polling; batch++) {
      const count = this.#slab.receive(binding().receiveDatagrams, this.fd)
      this.#inBatch = true
      for (let index = 0; index < count; index++) this.#dispatch(index)
      this.#counters.forwarded += this.#older.forward()
      this.#inBatch = false
      if (this.#stopAfterBatch) {
        this.#stopAfterBatch = false
        this.stopAccepting()
      }
      if (!this.#slab.isFull(count)) return
    }
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
