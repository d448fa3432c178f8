import { binding } from '../binding.js'
import { MAX_DESCRIPTORS_PER_MESSAGE } from '../channel/channel-binding.js'
import { freeDescriptors } from '../descriptor/free-descriptors.js'
import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import { parkCodes, refusedPark, sendRefusal } from './park-error.js'
import { encodeParkedMessage } from './parked-message.js'
import { copyQueue, drainQueue, inspectQueue, type QueueContents } from './parked-queue.js'

/** What the kernel charges for a message, with a margin; the kernel doubles what is asked for. */
const bytesPerMessage = 1024
const bytesAtLeast = 128 * 1024

/**
 * Descriptors that wait in the receive queue of a socket pair, and are open as long as its two ends are, somewhere.
 *
 * The queue is memory of the kernel: it holds them without any process, and whoever has both ends has them all. Keep
 * both, under two names if you like: their order does not matter. While the ends are with somebody else too (the store
 * of systemd, a companion), use one of these objects at a time.
 */
export class Parked {
  /** Both ends, close-on-exec, this object's own: pass them on, store them, but do not close them. */
  readonly ends: readonly [number, number]
  /** What was given to `park`. */
  readonly label: string
  readonly #queue: number
  readonly #sender: number
  #open = true

  /** @internal Takes both ends over. */
  constructor(ends: readonly [number, number], queue: number, label: string) {
    this.ends = ends
    this.label = label
    this.#queue = queue
    this.#sender = ends[0] === queue ? ends[1] : ends[0]
  }

  /** How many descriptors wait, asked from the queue itself: one system call for every 253 of them. */
  get count(): number {
    return this.#contents().count
  }

  /**
   * Puts more descriptors behind those that wait; the caller's stay open.
   *
   * If it throws, what came before the refusal is parked all the same: `count` says how many more than before.
   *
   * Throws a {@link RestartError}: `ERR_RESTART_PARK_FULL`, `ETOOMANYREFS`, `EBADF`, `ERR_RESTART_PARK_CLOSED`,
   * `ERR_RESTART_PARK_EMPTY`.
   */
  add(fds: readonly number[]): void {
    checkDescriptors(fds)
    if (fds.some((fd) => this.ends.includes(fd))) {
      throw invalidValue('fds', 'descriptors other than the two ends: the queue would hold itself', fds)
    }
    appendMessages(this.#sender, this.#contents().messages, fds)
  }

  /**
   * Duplicates of all that wait, in order. They go on waiting: a process that uses the duplicates may be killed at any
   * moment, and the next one calls `copy` again.
   *
   * Costs 1 to 4 µs a descriptor, and once 10 to 100 ms if the process has threads and its descriptor table must grow.
   *
   * Throws a {@link RestartError}, with nothing opened and nothing taken: `ERR_RESTART_TOO_MANY_DESCRIPTORS`,
   * `ERR_RESTART_PARK_EMPTY`, `ERR_RESTART_PARK_FOREIGN`, `ERR_RESTART_PARK_CLOSED`.
   */
  copy(): number[] {
    makeRoom(this.#contents().count)
    return copyQueue(this.#queue)
  }

  /**
   * All that wait, in order, now the caller's; then the queue is empty and this object closed.
   *
   * The queue is emptied only when all are here: a process that dies in between has taken none. Copies of the ends that
   * others keep are worth nothing then; let them forget them. Throws as `copy` does.
   */
  take(): number[] {
    const fds = this.copy()
    drainQueue(this.#queue)
    this.close()
    return fds
  }

  /** Lets go of the ends. If nobody else has both, all that wait is closed. Harmless when repeated. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    for (const end of this.ends) binding().closeFd(end)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #contents(): QueueContents {
    if (!this.#open) throw refusedPark(parkCodes.closed, 'The ends of the queue are closed')
    const contents = inspectQueue(this.#queue)
    if (contents === undefined) throw refusedPark(parkCodes.empty, 'Nothing is parked any more')
    return contents
  }
}

/** Writes messages from number `sequence` on. */
export function appendMessages(sender: number, sequence: number, fds: readonly number[]): void {
  const messages = Math.ceil(fds.length / MAX_DESCRIPTORS_PER_MESSAGE)
  binding().setSendBuffer(sender, bytesAtLeast + (sequence + messages) * bytesPerMessage)
  for (let index = 0; index < messages; index++) {
    const start = index * MAX_DESCRIPTORS_PER_MESSAGE
    const part = Int32Array.from(fds.slice(start, start + MAX_DESCRIPTORS_PER_MESSAGE))
    sendParked(sender, { sequence: sequence + index, count: part.length, label: '' }, part)
  }
}

export function sendParked(
  sender: number,
  message: Parameters<typeof encodeParkedMessage>[0],
  fds: Int32Array,
): void {
  const result = binding().sendMessage(sender, encodeParkedMessage(message), fds)
  if (result < 0) throw sendRefusal(result, `park ${fds.length} descriptors`)
}

export function checkDescriptors(fds: unknown): asserts fds is readonly number[] {
  if (!Array.isArray(fds)) throw invalidType('fds', 'an array', fds)
  for (const fd of fds) {
    if (typeof fd !== 'number') throw invalidType('fds', 'an array of descriptors', fds)
    if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fff_ffff)
      throw invalidValue('fds', 'an array of descriptors', fd)
  }
}

function makeRoom(count: number): void {
  const free = freeDescriptors()
  if (count > free) {
    throw refusedPark(
      parkCodes.tooMany,
      `${count} descriptors are parked, and this process has room for ${free}`,
    )
  }
  // Growing step by step while receiving waits at every doubling.
  binding().growDescriptorTable(binding().descriptorLimit().open + count)
}
