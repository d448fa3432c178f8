import type { PacketBatch } from '../batch/packet-batch.js'
import type { NativeQueue } from '../binding.js'
import { invalidType, requireInteger } from '../errors/invalid-argument.js'
import { systemError } from '../errors/system-error.js'
import { TunError } from '../errors/tun-error.js'
import { Readiness } from './readiness.js'

/**
 * One queue of a TUN device: whole batches in and out, one native call each, nothing allocated per packet.
 *
 * The queue never keeps a batch. Between two calls the batch is the caller's, during a call the kernel's.
 * Reading and writing never wait; {@link onReadable} and {@link readable} say when reading is worth it.
 */
export class TunQueue {
  /** The counters, written by the addon as packets pass; read them without a call, by {@link TUN_COUNTER}. */
  readonly counters: Float64Array
  readonly #native: NativeQueue
  readonly #name: string
  readonly #readiness: Readiness
  #closed = false

  /** @internal Use `openTun`. */
  constructor(native: NativeQueue, counters: Float64Array) {
    this.#native = native
    this.#name = native.name
    this.#readiness = new Readiness(native)
    this.counters = counters
  }

  /** The file descriptor, -1 once closed. Lent: the queue closes it. */
  get fd(): number {
    return this.#native.fd
  }

  /**
   * Fills the batch from its beginning, until the device has nothing more or the batch is full, and returns
   * how many packets it holds now. 0: nothing to read.
   *
   * What the batch held before is gone. One call takes at most `batch.capacity` packets: that is the cap that
   * keeps a busy device from starving timers and sockets.
   *
   * @throws TunError `EBADFD` when the device was deleted, `ERR_TUN_CLOSED`
   */
  readBatch(batch: PacketBatch): number {
    if (this.#closed) throw this.#closedError()
    const count = this.#native.readBatch(batch.slab, batch.descriptors, batch.headroom, batch.tailroom)
    if (count < 0) {
      batch.clear()
      throw systemError(count, 'read(tun)', this.#name)
    }
    batch.adopt(count)
    return count
  }

  /**
   * Writes packets `from`..`count - 1` in order and returns the index of the first one not written:
   * `batch.count`, or less when the device takes no more for now (EAGAIN). Go on from that index later.
   *
   * A packet of length 0 is skipped. A packet that is refused gets the errno in its status word and is
   * counted; the others go on. `EINVAL`: the descriptor points outside the slab or the kernel found the
   * packet malformed. `EOPNOTSUPP`: an unfinished checksum or a super-packet on a queue without offload.
   * `EIO`: the device is down. `EBADFD`: it was deleted.
   *
   * On a queue with offload the ten bytes before each packet are overwritten with its virtio header.
   *
   * @throws RangeError `ERR_INVALID_ARG_VALUE`, TunError `ERR_TUN_CLOSED`
   */
  writeBatch(batch: PacketBatch, from = 0): number {
    if (this.#closed) throw this.#closedError()
    requireInteger('batch.count', batch.count, 0, batch.capacity)
    requireInteger('from', from, 0, batch.count)
    const next = this.#native.writeBatch(batch.slab, batch.descriptors, from, batch.count)
    if (next < 0) throw systemError(next, 'write(tun)', this.#name)
    return next
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
    if (typeof callback !== 'function') throw invalidType('callback', 'a function', callback)
    if (this.#closed) throw this.#closedError()
    return this.#readiness.watch(callback)
  }

  /**
   * Resolves when there is something to read. Costs two system calls and a promise: loops that care use
   * {@link onReadable}.
   *
   * Rejects with TunError `ERR_TUN_CLOSED` when the queue is or gets closed, with an `AbortError`
   * (`ABORT_ERR`) when `signal` aborts.
   */
  async readable(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#closed) throw this.#closedError()
    return this.#readiness.wait(options.signal)
  }

  /** Lets a pending {@link onReadable} or {@link readable} keep the process alive. The default. */
  ref(): void {
    this.#native.setRef(true)
  }

  /** Lets the process end although {@link onReadable} or {@link readable} is pending. */
  unref(): void {
    this.#native.setRef(false)
  }

  /** Closes the descriptor and rejects every pending {@link readable}. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#native.close()
    this.#readiness.close(this.#closedError())
  }

  #closedError(): TunError {
    return new TunError(`the queue of ${this.#name} is closed`, {
      code: 'ERR_TUN_CLOSED',
      device: this.#name,
    })
  }
}
