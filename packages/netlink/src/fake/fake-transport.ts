import type { NetlinkTransport } from '../binding.js'
import { decodeMessages, encodeMessages, type NetlinkMessage } from '../codec/message.js'
import { align4, EAGAIN, EBADF, SO_RCVBUF, SO_RCVBUFFORCE, SOL_SOCKET } from '../constants.js'

/** A datagram that waits to be read, or an error as -errno. */
export type QueuedItem = { bytes: Uint8Array; namespaceId?: number | undefined } | number

export interface ReplyMessage {
  type: number
  flags?: number | undefined
  payload?: Uint8Array | undefined
}

const PORT_ID = 4242
const DEFAULT_BUFFER_BYTES = 212_992
const NUMBERS_PER_OUTCOME = 3

/**
 * The other end of a connection, without a kernel: what is sent goes to a function, what that function queues is received.
 * Like the kernel it answers within the sending call, and wakes who polls.
 */
export class FakeTransport implements NetlinkTransport {
  /** How many messages each datagram had. */
  readonly datagramSizes: number[] = []
  /** Levels, names and values of the socket options that were set. */
  readonly options: [level: number, name: number, value: number][] = []
  isHeld = true
  isClosed = false
  isPolling = false
  /** What the next `send` returns instead of taking the datagram; used once. */
  sendError: number | undefined
  readonly #answer: (message: NetlinkMessage) => void
  readonly #queue: QueuedItem[] = []
  #receiveBufferBytes = DEFAULT_BUFFER_BYTES
  #callback: (() => void) | undefined

  constructor(answer: (message: NetlinkMessage) => void) {
    this.#answer = answer
  }

  /** One datagram of replies. */
  reply(sequence: number, ...messages: ReplyMessage[]): void {
    const numbered = messages.map(({ type, flags = 0, payload = new Uint8Array(0) }) => ({
      type,
      flags,
      sequence,
      payload,
    }))
    const bytes = encodeMessages(numbered)
    const view = new DataView(bytes.buffer)
    for (let at = 0; at < bytes.length; at += align4(view.getUint32(at, true))) {
      view.setUint32(at + 12, PORT_ID, true)
    }
    this.queue({ bytes })
  }

  queue(...items: QueuedItem[]): void {
    this.#queue.push(...items)
    this.#wake()
  }

  /** Datagrams and errors that nobody has read yet. */
  get queuedItems(): number {
    return this.#queue.length
  }

  portId(): number {
    return PORT_ID
  }

  setOption(level: number, name: number, value: number): number {
    if (this.isClosed) return EBADF
    this.options.push([level, name, value])
    if (level === SOL_SOCKET && (name === SO_RCVBUFFORCE || name === SO_RCVBUF)) {
      this.#receiveBufferBytes = 2 * value
    }
    return 0
  }

  getOption(level: number, name: number): number {
    if (this.isClosed) return EBADF
    return level === SOL_SOCKET && name === SO_RCVBUF ? this.#receiveBufferBytes : 0
  }

  send(bytes: Uint8Array): number {
    if (this.isClosed) return EBADF
    if (this.sendError !== undefined) {
      const error = this.sendError
      this.sendError = undefined
      return error
    }
    // A copy, as the kernel makes one: the sender writes his next datagram into the same buffer.
    const copy = bytes.slice()
    const messages: NetlinkMessage[] = []
    decodeMessages(copy, 0, copy.length, (message) => messages.push(message))
    this.datagramSizes.push(messages.length)
    for (const message of messages) this.#answer(message)
    return bytes.length
  }

  receive(buffer: Uint8Array, outcomes: Int32Array, roomBytes: number): number {
    if (this.isClosed) return EBADF
    let count = 0
    for (let at = 0; NUMBERS_PER_OUTCOME * count < outcomes.length && buffer.length - at >= roomBytes; ) {
      const item = this.#queue.shift()
      if (item === undefined) break
      if (typeof item === 'number') {
        if (count === 0) return item
        outcomes.set([item, 0, -1], NUMBERS_PER_OUTCOME * count++)
        break
      }
      const { bytes, namespaceId = -1 } = item
      const stored = Math.min(bytes.length, buffer.length - at)
      buffer.set(bytes.subarray(0, stored), at)
      outcomes.set([stored, bytes.length, namespaceId], NUMBERS_PER_OUTCOME * count++)
      at += align4(stored)
    }
    return count === 0 ? EAGAIN : count
  }

  startPolling(callback: () => void): number {
    this.isPolling = true
    this.#callback = callback
    this.#wake()
    return 0
  }

  stopPolling(): number {
    this.isPolling = false
    this.#callback = undefined
    return 0
  }

  ref(): void {
    this.isHeld = true
  }

  unref(): void {
    this.isHeld = false
  }

  close(): void {
    this.isClosed = true
    this.#queue.length = 0
  }

  #wake(): void {
    if (this.#queue.length === 0) return
    setImmediate(() => {
      if (this.isClosed || this.#queue.length === 0 || !this.#callback) return
      this.#callback()
      this.#wake()
    })
  }
}
