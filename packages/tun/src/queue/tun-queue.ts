import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { PacketBatch } from '../batch/packet-batch.js'
import { invalidType, requireBatch, requireInteger } from '../errors/invalid-argument.js'
import { systemError } from '../errors/system-error.js'
import { TunError } from '../errors/tun-error.js'
import { type BatchesOptions, type BorrowedBatch, iterateBatches } from '../faces/batches.js'
import { type DuplexOptions, packetDuplex } from '../faces/duplex.js'
import { iteratePackets, type PacketsOptions } from '../faces/packets.js'
import { type PacketStreams, packetStreams, type WebStreamOptions } from '../faces/web-streams.js'
import { type Drop, DropWatch } from './drop-watch.js'
import { type OffloadState, OffloadSwitch } from './offload-switch.js'
import { packetError } from './packet-error.js'
import type { PacketPath } from './packet-path.js'
import type { PacketQueue, WaitOptions } from './packet-queue.js'
import { PlainPath } from './plain-path.js'
import { type QueueDriver, READABLE, WRITABLE } from './queue-driver.js'
import { createToken, type QueueToken } from './queue-token.js'
import { RawPath } from './raw-path.js'
import { Readiness } from './readiness.js'
import { SplitPath } from './split-path.js'
import { TUN_COUNTER } from './tun-counter.js'

/** What a queue tells without being asked. */
export interface TunQueueEvents {
  /** The kernel refused a kind of super-packet; `offload` says what is live now. */
  offload: [OffloadState]
  /** Packets were lost, how many and why. Once for each reason of a call, in a later microtask. */
  drop: [Drop]
}

/**
 * One queue of a TUN device: whole batches in and out, one native call each, nothing allocated per packet.
 *
 * {@link readBatch} and {@link writeBatch} never keep a batch. Between two calls the batch is the caller's, during a call
 * the kernel's. Reading and writing never wait; {@link onReadable} and {@link readable} say when reading is worth it,
 * {@link onWritable} and {@link writable} when writing is. The other faces are built on these.
 */
export class TunQueue extends EventEmitter<TunQueueEvents> implements PacketQueue, AsyncDisposable {
  /** The counters, written as packets pass; read them without a call, by {@link TUN_COUNTER}. */
  readonly counters: Float64Array
  /** Resolves when the queue is closed or transferred; never rejects. */
  readonly closed: Promise<void>
  #resolveClosed!: () => void
  readonly #driver: QueueDriver
  readonly #offload: OffloadSwitch
  readonly #path: PacketPath
  readonly #readiness: Readiness
  readonly #drops: DropWatch
  #single: PacketBatch | undefined
  #closed = false

  /** @internal Use `openTun` or `createMemoryTun`. */
  constructor(driver: QueueDriver, counters: Float64Array, offload: OffloadState) {
    super()
    this.#driver = driver
    this.counters = counters
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#offload = new OffloadSwitch(offload)
    this.#offload.onChange = (state) => process.nextTick(() => this.emit('offload', state))
    this.#path = packetPath(driver, this.#offload, counters)
    this.#readiness = new Readiness(driver, () => this.#path.hasPending)
    this.#drops = new DropWatch(counters)
  }

  /** Name of the device, now or when the queue was closed. Asks the kernel: for messages, not for loops. */
  get name(): string {
    return this.#driver.name
  }

  /** The file descriptor, -1 once closed. Lent: the queue closes it. */
  get fd(): number {
    return this.#driver.fd
  }

  /** What is live of super-packets, and why not more. */
  get offload(): OffloadState {
    return this.#offload.state
  }

  /**
   * Fills the batch from its beginning, until the device has nothing more or the batch is full, and returns
   * how many packets it holds now. 0: nothing to read.
   *
   * What the batch held before is gone. One call takes at most `batch.capacity` packets: that is the cap that
   * keeps a busy device from starving timers and sockets. With offload `split`, what is left of a super-packet when the
   * batch is full comes with the next call.
   *
   * @throws TunError `EBADFD` when the device was deleted, `ERR_TUN_CLOSED`
   */
  readBatch(batch: PacketBatch): number {
    if (this.#closed) throw this.#closedError()
    requireBatch(batch)
    const count = this.#path.read(batch)
    this.#tellDrops()
    if (count < 0) throw systemError(count, 'read(tun)', this.name)
    return count
  }

  /**
   * Writes packets `from`..`count - 1` in order and returns the index of the first one not written:
   * `batch.count`, or less when the device takes no more for now (EAGAIN). Go on from that index with the same batch when
   * the queue is {@link writable}; a packet behind it that is out already has the length 0 then.
   *
   * A packet of length 0 is skipped. A packet that is refused gets the errno in its status word and is
   * counted; the others go on. {@link packetError} says what it means.
   *
   * On a queue with offload the ten bytes before each packet are overwritten with its virtio header.
   *
   * @throws RangeError `ERR_INVALID_ARG_VALUE`, TunError `ERR_TUN_CLOSED`
   */
  writeBatch(batch: PacketBatch, from = 0): number {
    if (this.#closed) throw this.#closedError()
    requireBatch(batch)
    requireInteger('batch.count', batch.count, 0, batch.capacity)
    requireInteger('from', from, 0, batch.count)
    const next = this.#path.write(batch, from)
    this.#tellDrops()
    if (next < 0) throw systemError(next, 'write(tun)', this.name)
    return next
  }

  /**
   * A copy of the next packet, or undefined if there is nothing to read. For programs that have few of them: one system
   * call, one native call and one allocation a packet.
   *
   * @throws TunError `ERR_TUN_RAW` on a queue with offload `raw`, whose packets mean nothing without their virtio words;
   *   as {@link readBatch}
   */
  tryRead(): Uint8Array | undefined {
    this.#refuseRaw('tryRead')
    this.#single ??= new PacketBatch({ packets: 1, slabBytes: 1 << 17 })
    return this.readBatch(this.#single) === 0 ? undefined : this.#single.packet(0).slice()
  }

  /**
   * Writes one packet, whole and with complete checksums. False: the device takes no more for now.
   *
   * @throws TypeError, RangeError for a packet that is none, of 0 or more than 65535 bytes
   * @throws TunError for a packet that is refused (see {@link packetError}); `ERR_TUN_CLOSED`
   */
  tryWrite(packet: Uint8Array): boolean {
    this.#single ??= new PacketBatch({ packets: 1, slabBytes: 1 << 17 })
    this.#single.clear()
    this.#single.append(packet)
    if (this.writeBatch(this.#single) === 0) return false
    const error = packetError(this.#single, 0, this.name)
    if (error) throw error
    return true
  }

  /**
   * Borrowed batches of what arrives, one in a turn of the event loop. See {@link BatchesOptions}.
   *
   * The batch is yours until you ask for the next one or release it. Ends when the queue is closed; rejects with
   * `EBADFD` when the device is deleted and with an `AbortError` when `signal` aborts.
   */
  batches(options: BatchesOptions = {}): AsyncGenerator<BorrowedBatch, void, undefined> {
    return iterateBatches(this, options)
  }

  /** Copies of the packets that arrive, yours to keep. Ends and rejects as {@link batches}; `ERR_TUN_RAW` as {@link tryRead}. */
  packets(options: PacketsOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    this.#refuseRaw('packets')
    return iteratePackets(this, options)
  }

  /** The queue as a pair of Web Streams of packets. `ERR_TUN_RAW` as {@link tryRead}. */
  toWeb(options: WebStreamOptions = {}): PacketStreams {
    this.#refuseRaw('toWeb')
    return packetStreams(this, options)
  }

  /** The queue as an object-mode Duplex of packets, for `pipeline`. `ERR_TUN_RAW` as {@link tryRead}. */
  toDuplex(options: DuplexOptions = {}): Duplex {
    this.#refuseRaw('toDuplex')
    return packetDuplex(this, options)
  }

  /**
   * Calls back in every turn of the event loop in which there is something to read, until the returned
   * function is called. Level-triggered: what one `readBatch` left is announced again. One callback at a time.
   *
   * Keeps the process alive unless {@link unref} was called. What the callback throws is an
   * `uncaughtException`. When the device is deleted the callback runs once more, and `readBatch` says why.
   *
   * @throws TunError `ERR_TUN_WATCHED` while another callback is installed, `ERR_TUN_CLOSED`
   */
  onReadable(callback: () => void): () => void {
    return this.#watch(READABLE, callback)
  }

  /**
   * Calls back in every turn of the event loop in which the device takes packets, until the returned function is
   * called: install it after a `writeBatch` that did not write all, stop it when the rest is out. There may be several.
   *
   * @throws TunError `ERR_TUN_CLOSED`
   */
  onWritable(callback: () => void): () => void {
    return this.#watch(WRITABLE, callback)
  }

  /**
   * Resolves when there is something to read. Costs two system calls and a promise: loops that care use
   * {@link onReadable}.
   *
   * Rejects with TunError `ERR_TUN_CLOSED` when the queue is or gets closed, with an `AbortError`
   * (`ABORT_ERR`) when `signal` aborts.
   */
  async readable(options: WaitOptions = {}): Promise<void> {
    if (this.#closed) throw this.#closedError()
    return this.#readiness.wait(READABLE, options.signal)
  }

  /** Resolves when the device takes packets. Costs and rejects as {@link readable}. */
  async writable(options: WaitOptions = {}): Promise<void> {
    if (this.#closed) throw this.#closedError()
    return this.#readiness.wait(WRITABLE, options.signal)
  }

  /** Lets what waits for the queue keep the process alive. The default. */
  ref(): this {
    this.#readiness.setRef(true)
    return this
  }

  /** Lets the process end although something waits for the queue. */
  unref(): this {
    this.#readiness.setRef(false)
    return this
  }

  /** Closes the descriptor and rejects every pending wait. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.counters[TUN_COUNTER.dropAbandoned]! += this.#path.inHand
    this.#driver.close()
    this.#end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Lets the kernel hand this queue no more packets until {@link attach}; they go to the device's other queues. Equals
   * `TUNSETQUEUE` with `IFF_DETACH_QUEUE`. Writing goes on.
   *
   * What the queue holds unread is dropped by the kernel, which counts it nowhere: read until {@link readBatch} returns 0 before.
   * The flows of the queue go to others, and so may those of the queue that takes its place in the kernel's order.
   *
   * @throws TunError `EINVAL` on a device with one queue, or if it is detached already; `ERR_TUN_CLOSED`
   */
  detach(): void {
    this.#setAttached(false)
  }

  /** Takes the queue into use again. Throws as {@link detach}. */
  attach(): void {
    this.#setAttached(true)
  }

  /**
   * Gives the queue to another thread: the token goes through `postMessage`, and {@link receiveQueue} makes a queue of it
   * there, once. This one is closed then, but not its descriptor. The counters stay shared.
   *
   * A token that nobody receives leaks a descriptor.
   *
   * @throws TunError `ERR_TUN_PENDING` while a part of a super-packet waits to be read, `ERR_TUN_UNSUPPORTED` for a queue in
   *   memory, `ERR_TUN_CLOSED`
   */
  transfer(): QueueToken {
    if (this.#closed) throw this.#closedError()
    if (this.#driver.release === undefined) throw this.#unsupported('transfer()')
    if (this.#path.inHand > 0) {
      throw new TunError(`${this.name} has packets in hand`, {
        code: 'ERR_TUN_PENDING',
        device: this.name,
        hint: 'Read until readBatch() returns 0 and write what waits for room, then transfer',
      })
    }
    const fd = this.#driver.release()
    this.#end()
    return createToken(fd, this.offload, this.counters)
  }

  #end(): void {
    this.#closed = true
    this.#readiness.close(this.#closedError())
    this.#resolveClosed()
  }

  #setAttached(on: boolean): void {
    if (this.#closed) throw this.#closedError()
    if (this.#driver.setAttached === undefined) throw this.#unsupported(on ? 'attach()' : 'detach()')
    const result = this.#driver.setAttached(on)
    if (result < 0) throw systemError(result, 'ioctl(TUNSETQUEUE)', this.name)
  }

  #unsupported(method: string): TunError {
    return new TunError(`${method}: ${this.name} is not a device of the kernel`, {
      code: 'ERR_TUN_UNSUPPORTED',
      device: this.name,
      hint: 'Only queues of TUN devices have descriptors',
    })
  }

  #watch(event: typeof READABLE | typeof WRITABLE, callback: () => void): () => void {
    if (typeof callback !== 'function') throw invalidType('callback', 'a function', callback)
    if (this.#closed) throw this.#closedError()
    return this.#readiness.watch(event, callback)
  }

  #tellDrops(): void {
    if (!this.#drops.hasNew || this.listenerCount('drop') === 0) return
    for (const drop of this.#drops.take()) queueMicrotask(() => this.emit('drop', drop))
  }

  #refuseRaw(method: string): void {
    if (this.offload.mode !== 'raw') return
    throw new TunError(`${method}: ${this.name} has offload 'raw'`, {
      code: 'ERR_TUN_RAW',
      device: this.name,
      hint: "Super-packets mean nothing without their virtio words: use readBatch() or batches(), or open with offload 'split'",
    })
  }

  #closedError(): TunError {
    return new TunError(`the queue of ${this.name} is closed`, {
      code: 'ERR_TUN_CLOSED',
      device: this.name,
    })
  }
}

function packetPath(driver: QueueDriver, offload: OffloadSwitch, counters: Float64Array): PacketPath {
  switch (offload.state.mode) {
    case 'raw':
      return new RawPath(driver, offload, counters)
    case 'split':
      return new SplitPath(driver, offload, counters)
    default:
      return new PlainPath(driver)
  }
}
