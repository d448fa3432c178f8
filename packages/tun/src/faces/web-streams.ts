import {
  ReadableStream,
  type ReadableStreamDefaultController,
  WritableStream,
  type WritableStreamDefaultController,
} from 'node:stream/web'
import { abortError } from '../errors/abort-error.js'
import { requireInteger, requireSignal } from '../errors/invalid-argument.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { PacketReader } from './packet-reader.js'
import { PacketWriter } from './packet-writer.js'
import { requireOptions } from './require-options.js'
import { whenClosed } from './when-closed.js'

/** Options of `TunQueue.toWeb`. */
export interface WebStreamOptions {
  /** Errors both sides. It holds on to the streams until both have ended, so end them if it lives longer. */
  signal?: AbortSignal | undefined
  /**
   * Packets the readable side takes ahead of its reader, 0 to 65536. They are lost when it is cancelled. Default 0: a packet stays in the
   * device until it is asked for.
   */
  highWaterMark?: number | undefined
}

/** What `TunQueue.toWeb` returns. Neither side closes the queue. */
export interface PacketStreams {
  /** Copies of the packets that arrive. Closed when the queue is. */
  readable: ReadableStream<Uint8Array>
  /** Takes whole packets; a write resolves when the device has the packet. Errors with `ERR_TUN_CLOSED` when the queue is closed. */
  writable: WritableStream<Uint8Array>
}

/** One direction, and what it is told from outside. */
interface Side<Stream> {
  readonly stream: Stream
  /** The queue was closed. */
  close(): void
  /** The signal aborted. */
  fail(error: Error): void
}

/**
 * No byte streams: their readers may ask for half a packet.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function packetStreams(queue: PacketQueue, options: WebStreamOptions): PacketStreams {
  requireOptions(options)
  const { signal, highWaterMark = 0 } = options
  requireSignal('signal', signal)
  requireInteger('highWaterMark', highWaterMark, 0, 1 << 16)

  let open = 2
  const onEnded = () => {
    open -= 1
    if (open === 0) stopListening()
  }
  const sides = [readableSide(queue, highWaterMark, onEnded), writableSide(queue, onEnded)] as const
  const onAbort = () => {
    for (const side of sides) side.fail(abortError(signal!))
  }
  const forgetQueue = whenClosed(queue, () => {
    for (const side of sides) side.close()
  })
  const stopListening = () => {
    forgetQueue()
    signal?.removeEventListener('abort', onAbort)
  }
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)
  return { readable: sides[0].stream, writable: sides[1].stream }
}

function readableSide(
  queue: PacketQueue,
  highWaterMark: number,
  onEnded: () => void,
): Side<ReadableStream<Uint8Array>> {
  const end = new End(onEnded)
  const reader = new PacketReader(queue, end.signal)
  let controller!: ReadableStreamDefaultController<Uint8Array>
  let isPulling = false
  let isClosed = false
  const close = () => {
    if (end.reach()) controller.close()
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      start(it) {
        controller = it
      },
      async pull() {
        isPulling = true
        const packet = await reader.next().catch(end.rethrow)
        isPulling = false
        if (packet !== undefined) controller.enqueue(packet)
        if (packet === undefined || isClosed) close()
      },
      cancel(reason) {
        end.reach(reason)
      },
    },
    { highWaterMark },
  )
  return {
    stream,
    close() {
      isClosed = true
      // A pull under way ends by itself, and may have a packet in hand.
      if (!isPulling) close()
    },
    fail(error) {
      if (end.reach(error)) controller.error(error)
    },
  }
}

function writableSide(queue: PacketQueue, onEnded: () => void): Side<WritableStream<Uint8Array>> {
  const end = new End(onEnded)
  const writer = new PacketWriter(queue)
  let controller!: WritableStreamDefaultController
  const fail = (error: unknown) => {
    if (end.reach(error)) controller.error(error)
  }
  const stream = new WritableStream<Uint8Array>({
    start(it) {
      controller = it
      // The stream's own abort waits for the write under way, which waits for this.
      const { signal } = it as WritableStreamDefaultController & { signal: AbortSignal }
      signal.addEventListener('abort', () => end.reach(signal.reason))
    },
    write: (packet) => writer.write([packet], end.signal).catch(end.rethrow),
    close() {
      end.reach()
    },
  })
  return {
    stream,
    close() {
      // Only the queue knows the words for it.
      queue.writable().catch(fail)
    },
    fail,
  }
}

/** The one end of a side, whoever brings it about. */
class End {
  readonly #controller = new AbortController()
  readonly #onEnded: () => void

  constructor(onEnded: () => void) {
    this.#onEnded = onEnded
  }

  /** Aborts when the end is reached: nothing is waited for any more. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** False if it was reached before. */
  reach(reason?: unknown): boolean {
    if (this.signal.aborted) return false
    this.#controller.abort(reason)
    this.#onEnded()
    return true
  }

  readonly rethrow = (error: unknown): never => {
    this.reach(error)
    throw error
  }
}
