import { Buffer } from 'node:buffer'
import type { NetlinkTransport } from '../src/binding.js'
import { NLM_F_ACK, NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR } from '../src/constants.js'
import { decodeMessages, encodeMessages } from '../src/message.js'

export interface Sent {
  type: number
  flags: number
  sequence: number
}

/**
 * The other end of a connection, for what the real kernel does too rarely to wait for: interrupted dumps, cut and
 * malformed datagrams, lost answers. `answer` gets each request and queues datagrams, or errors as -errno.
 */
export class ScriptedKernel implements NetlinkTransport {
  readonly sent: Sent[] = []
  readonly datagramSizes: number[] = []
  isHeld = true
  isClosed = false
  readonly #queue: (Uint8Array | number)[] = []
  readonly #answer: (request: Sent, kernel: ScriptedKernel) => void
  #callback: (() => void) | undefined

  constructor(answer: (request: Sent, kernel: ScriptedKernel) => void = acknowledge) {
    this.#answer = answer
  }

  /** One datagram of replies to `request`. */
  reply(request: Sent, ...messages: { type: number; flags?: number; payload?: Uint8Array }[]): void {
    const numbered = messages.map(({ type, flags = 0, payload = new Uint8Array(0) }) => ({
      type,
      flags,
      sequence: request.sequence,
      payload,
    }))
    this.queue(fromPort(this.portId(), encodeMessages(numbered)))
  }

  queue(...items: (Uint8Array | number)[]): void {
    this.#queue.push(...items)
    this.#wake()
  }

  portId(): number {
    return 4242
  }

  setOption(): number {
    return 0
  }

  getOption(): number {
    return 0
  }

  send(bytes: Uint8Array): number {
    const requests: Sent[] = []
    decodeMessages(bytes, 0, bytes.length, ({ type, flags, sequence }) =>
      requests.push({ type, flags, sequence }),
    )
    this.datagramSizes.push(requests.length)
    this.sent.push(...requests)
    for (const request of requests) this.#answer(request, this)
    return bytes.length
  }

  receive(buffer: Uint8Array, outcomes: Int32Array, roomBytes: number): number {
    if (this.isClosed) return -9
    let count = 0
    for (let at = 0; 2 * count < outcomes.length && buffer.length - at >= roomBytes; count++) {
      const item = this.#queue.shift()
      if (item === undefined) break
      if (typeof item === 'number') {
        if (count === 0) return item
        outcomes.set([item, 0], 2 * count++)
        break
      }
      const stored = Math.min(item.length, buffer.length - at)
      buffer.set(item.subarray(0, stored), at)
      outcomes.set([stored, item.length], 2 * count)
      at += (stored + 3) & ~3
    }
    return count === 0 ? -11 : count
  }

  startPolling(callback: () => void): number {
    this.#callback = callback
    return 0
  }

  stopPolling(): number {
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
  }

  #wake(): void {
    setImmediate(() => {
      if (!this.isClosed && this.#queue.length > 0) this.#callback?.()
      if (!this.isClosed && this.#queue.length > 0) this.#wake()
    })
  }
}

export function acknowledge(request: Sent, kernel: ScriptedKernel): void {
  if ((request.flags & NLM_F_ACK) !== 0) kernel.reply(request, error(0))
}

export function error(errno: number): { type: number; payload: Uint8Array } {
  const payload = Buffer.alloc(20)
  payload.writeInt32LE(errno)
  return { type: NLMSG_ERROR, payload }
}

export function part(value: number, flags = 0): { type: number; flags: number; payload: Uint8Array } {
  return { type: 100, flags: NLM_F_MULTI | flags, payload: Uint8Array.of(value) }
}

export function done(flags = 0): { type: number; flags: number; payload: Uint8Array } {
  return { type: NLMSG_DONE, flags: NLM_F_MULTI | flags, payload: new Uint8Array(4) }
}

/** A multicast message, as another process causes it. */
export function event(value: number): Uint8Array {
  return encodeMessages([{ type: 100, flags: 0, sequence: 1, payload: Uint8Array.of(value) }])
}

function fromPort(portId: number, bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < bytes.length; at += (view.getUint32(at, true) + 3) & ~3) {
    view.setUint32(at + 12, portId, true)
  }
  return bytes
}
