import type { NetlinkTransport } from './binding.js'
import { align4, DATAGRAM_ROOM_BYTES, NLMSG_OVERRUN } from './constants.js'
import { errnoError, isNetlinkError, NetlinkError } from './errors.js'
import { decodeMessages, type NetlinkMessage } from './message.js'

/** Where messages go. None of these may throw: what remains of the batch would be lost. */
export interface MessageSink {
  message(message: NetlinkMessage): void
  /** Messages are missing from here on: the queue overflowed, a datagram was cut or made no sense. */
  lost(error: NetlinkError): void
  /** The socket's queue is empty. */
  drained(): void
  /** The socket cannot be read any more. */
  failed(error: NetlinkError): void
}

const BATCHES_PER_TURN = 8
const DATAGRAMS_PER_BATCH = 64
const EAGAIN = -11
const EPROTO = -71
const ENOBUFS = -105

/**
 * Turns what waits in a socket into messages, many datagrams a call, all in one reused buffer.
 *
 * A datagram that was cut is lost, and makes the buffer larger for the next one.
 */
export class MessageSource {
  readonly #transport: NetlinkTransport
  readonly #sink: MessageSink
  readonly #outcomes = new Int32Array(2 * DATAGRAMS_PER_BATCH)
  #roomBytes = DATAGRAM_ROOM_BYTES
  #buffer: Uint8Array | undefined

  constructor(transport: NetlinkTransport, sink: MessageSink) {
    this.#transport = transport
    this.#sink = sink
  }

  /** Reads a bounded share, so that a flood of events leaves the loop to others. */
  read(): void {
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      this.#buffer ??= new Uint8Array(4 * this.#roomBytes)
      const count = this.#transport.receive(this.#buffer, this.#outcomes, this.#roomBytes)
      if (count === EAGAIN) {
        this.#sink.drained()
        return
      }
      if (count < 0) {
        if (!this.#error(count)) return
      } else if (!this.#batch(this.#buffer, count)) return
    }
    // Polling would do, were the queue not perhaps just empty: the sink still has to hear of it.
    setImmediate(() => this.read())
  }

  #batch(buffer: Uint8Array, count: number): boolean {
    let at = 0
    for (let i = 0; i < count; i++) {
      const stored = this.#outcomes[2 * i]!
      const actual = this.#outcomes[2 * i + 1]!
      if (stored < 0) {
        if (!this.#error(stored)) return false
        continue
      }
      if (actual > stored) this.#truncated(stored, actual)
      else this.#datagram(buffer, at, stored)
      at += align4(stored)
    }
    return true
  }

  #datagram(buffer: Uint8Array, at: number, length: number): void {
    try {
      decodeMessages(buffer, at, length, (message) => {
        if (message.type === NLMSG_OVERRUN) this.#sink.lost(errnoError(ENOBUFS, 'receive'))
        else this.#sink.message(message)
      })
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
