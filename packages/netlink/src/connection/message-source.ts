import type { NetlinkTransport } from '../binding.js'
import { decodeMessages, type NetlinkMessage } from '../codec/message.js'
import { align4, DATAGRAM_ROOM_BYTES, EAGAIN, ENOBUFS, NLMSG_OVERRUN, TURN_MS } from '../constants.js'
import { errnoError, isNetlinkError, NetlinkError } from '../errors/netlink-error.js'

/** Where messages go. None of these may throw: what remains of the batch would be lost. */
export interface MessageSink {
  message(message: NetlinkMessage): void
  /** Messages are missing from here on: the queue overflowed, a datagram was cut or made no sense. */
  lost(error: NetlinkError): void
  /** The socket's queue is empty. */
  drained(): void
  /** The socket cannot be read any more. */
  failed(error: NetlinkError): void
  /** False as soon as what is in the queue had better stay there. */
  wantsMore(): boolean
}

const DATAGRAMS_PER_BATCH = 64
const LARGE_DATAGRAMS_PER_BATCH = 2
const NUMBERS_PER_OUTCOME = 3
const EPROTO = -71

/**
 * Turns what waits in a socket into messages, many datagrams a call, all in one reused buffer.
 *
 * A datagram that was cut is lost, and makes the buffer larger for the next one.
 */
export class MessageSource {
  readonly #transport: NetlinkTransport
  readonly #sink: MessageSink
  readonly #outcomes = new Int32Array(NUMBERS_PER_OUTCOME * DATAGRAMS_PER_BATCH)
  #roomBytes = DATAGRAM_ROOM_BYTES
  #buffer: Uint8Array | undefined
  #isReading = false
  #continuation: NodeJS.Immediate | undefined

  constructor(transport: NetlinkTransport, sink: MessageSink) {
    this.#transport = transport
    this.#sink = sink
  }

  /** The socket has something. While a turn that ended early is to be continued, that is no news. */
  readable(): void {
    if (!this.#continuation) this.read()
  }

  /** Reads until the queue is empty or the turn is over, so that a flood leaves the loop to others. */
  read(): void {
    const end = performance.now() + TURN_MS
    while (this.#sink.wantsMore()) {
      if (!this.readBatch()) return
      if (performance.now() > end) {
        // Polling would do, were the queue not perhaps just empty: the sink still has to hear of it.
        this.#continuation ??= setImmediate(() => {
          this.#continuation = undefined
          this.read()
        })
        return
      }
    }
  }

  /** Reads once, as many datagrams as fit the room of `largeDatagrams`. False when there is no more to read. */
  readBatch(largeDatagrams = LARGE_DATAGRAMS_PER_BATCH): boolean {
    // A listener may make calls that read. What it was called for still stands in the buffer.
    if (this.#isReading) return false
    this.#isReading = true
    try {
      this.#buffer ??= new Uint8Array(LARGE_DATAGRAMS_PER_BATCH * this.#roomBytes)
      const buffer = this.#buffer.subarray(0, largeDatagrams * this.#roomBytes)
      const count = this.#transport.receive(buffer, this.#outcomes, this.#roomBytes)
      if (count === EAGAIN) {
        this.#sink.drained()
        return false
      }
      return count < 0 ? this.#error(count) : this.#batch(buffer, count)
    } finally {
      this.#isReading = false
    }
  }

  #batch(buffer: Uint8Array, count: number): boolean {
    let at = 0
    for (let i = 0; i < NUMBERS_PER_OUTCOME * count; i += NUMBERS_PER_OUTCOME) {
      const stored = this.#outcomes[i]!
      const actual = this.#outcomes[i + 1]!
      if (stored < 0) {
        if (!this.#error(stored)) return false
        continue
      }
      if (actual > stored) this.#truncated(stored, actual)
      else this.#datagram(buffer, at, stored, this.#outcomes[i + 2]!)
      at += align4(stored)
    }
    return true
  }

  #datagram(buffer: Uint8Array, at: number, length: number, namespaceId: number): void {
    const visit = (message: NetlinkMessage) => {
      if (message.type === NLMSG_OVERRUN) this.#sink.lost(errnoError(ENOBUFS, 'receive'))
      else this.#sink.message(message)
    }
    try {
      decodeMessages(buffer, at, length, visit, namespaceId < 0 ? undefined : namespaceId)
    } catch (error) {
      if (!isNetlinkError(error)) throw error
      this.#sink.lost(error)
    }
  }

  #truncated(stored: number, actual: number): void {
    while (this.#roomBytes < actual) this.#roomBytes *= 2
    this.#buffer = undefined
    this.#sink.lost(
      new NetlinkError(`receive: a datagram of ${actual} bytes was cut to ${stored}`, {
        code: 'ERR_NETLINK_TRUNCATED',
        syscall: 'recvmsg',
        hint: 'The buffer has grown: ask again',
      }),
    )
  }

  #error(errno: number): boolean {
    // Somebody other than the kernel wrote to our port: not a word of it counts.
    if (errno === EPROTO) return true
    const error = errnoError(errno, 'receive', { syscall: 'recvmsg' })
    if (errno === ENOBUFS) {
      this.#sink.lost(error)
      return true
    }
    this.#sink.failed(error)
    return false
  }
}
