import { binding } from '../binding.js'
import { freeDescriptors } from '../descriptor/free-descriptors.js'
import { MAX_DESCRIPTORS_PER_MESSAGE } from './channel-binding.js'
import { channelMalformed, descriptorsLost } from './channel-error.js'
import type { Frame } from './frame.js'

/** What {@link FdChannel.receive} gives: the descriptors are the receiver's, who closes them. */
export type ChannelMessage = { message: object; fds: number[] } | { tag: string; bytes: Uint8Array }

/** A message that came whole, or what is left of one whose descriptors did not. */
export interface Delivery {
  content: ChannelMessage
  error?: Error
}

/** Number, and the descriptors themselves; undefined: this process could not take them, and has none of them. */
export type Carried = readonly number[] | undefined

interface PartialMessage {
  message: object
  total: number
  /** How many came, or were lost. */
  seen: number
  fds: number[]
  lost: boolean
}

interface PartialBytes {
  tag: string
  length: number
  seen: number
  chunks: Uint8Array[]
}

/** Makes messages of packets. Owns the descriptors of what is not whole yet. */
export class Assembler {
  readonly #maxBytes: number
  #message: PartialMessage | undefined
  #bytes: PartialBytes | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes over what was carried. Throws `ERR_RESTART_CHANNEL_MALFORMED`, and has let go of everything then. */
  add(frame: Frame | undefined, carried: Carried): Delivery | undefined {
    try {
      return this.#add(frame, carried)
    } catch (error) {
      closeAll(carried ?? [])
      this.clear()
      throw error
    }
  }

  clear(): void {
    closeAll(this.#message?.fds ?? [])
    this.#message = undefined
    this.#bytes = undefined
  }

  #add(frame: Frame | undefined, carried: Carried): Delivery | undefined {
    switch (frame?.type) {
      case 'message': {
        if (this.#message || this.#bytes) throw channelMalformed('a message inside another')
        const { message, total } = frame
        const count = Math.min(total, MAX_DESCRIPTORS_PER_MESSAGE)
        checkCarried(carried, count)
        // What will not fit is let go of from the beginning: a process without descriptors can do nothing at all.
        const lost = total > count && total - count > freeDescriptors()
        this.#message = { message, total, seen: 0, fds: [], lost }
        return this.#carry(this.#message, count, carried)
      }
      case 'more': {
        const message = this.#message
        if (!message) throw channelMalformed('descriptors of no message')
        if (frame.count === 0 || message.seen + frame.count > message.total) {
          throw channelMalformed('another number of descriptors than it said')
        }
        checkCarried(carried, frame.count)
        return this.#carry(message, frame.count, carried)
      }
      case 'bytes':
        if (this.#message || this.#bytes) throw channelMalformed('bytes inside a message')
        checkCarried(carried, 0)
        if (frame.length > this.#maxBytes) {
          throw channelMalformed(`${frame.length} bytes ("${frame.tag}"), more than ${this.#maxBytes}`)
        }
        this.#bytes = { tag: frame.tag, length: frame.length, seen: 0, chunks: [] }
        return this.#complete(this.#bytes)
      case 'chunk': {
        const bytes = this.#bytes
        if (!bytes) throw channelMalformed('bytes without a beginning')
        checkCarried(carried, 0)
        bytes.seen += frame.bytes.byteLength
        if (frame.bytes.byteLength === 0 || bytes.seen > bytes.length) {
          throw channelMalformed('another number of bytes than it said')
        }
        bytes.chunks.push(Buffer.from(frame.bytes))
        return this.#complete(bytes)
      }
      default:
        throw channelMalformed('what is no message')
    }
  }

  #carry(message: PartialMessage, count: number, carried: Carried): Delivery | undefined {
    message.seen += count
    if (carried === undefined) message.lost = true
    else message.fds.push(...carried)
    if (message.lost) closeAll(message.fds.splice(0))
    if (message.seen < message.total) return undefined
    this.#message = undefined
    const content = { message: message.message, fds: message.fds }
    return message.lost ? { content, error: descriptorsLost(message.total) } : { content }
  }

  #complete({ tag, length, seen, chunks }: PartialBytes): Delivery | undefined {
    if (seen < length) return undefined
    this.#bytes = undefined
    return { content: { tag, bytes: Buffer.concat(chunks, length) } }
  }
}

function checkCarried(carried: Carried, expected: number): void {
  if (carried === undefined ? expected > 0 : carried.length === expected) return
  throw channelMalformed(`${carried?.length ?? 'no'} descriptors where it said ${expected}`)
}

export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) binding().closeFd(fd)
}
