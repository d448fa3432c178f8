import { ReadableStream, WritableStream } from 'node:stream/web'
import type { PacketQueue } from '../queue/packet-queue.js'
import { PacketReader } from './packet-reader.js'
import { PacketWriter } from './packet-writer.js'

/** Options of `TunQueue.toWeb`. */
export interface WebStreamOptions {
  signal?: AbortSignal
  /** Packets the readable side takes ahead of its reader. Default 0: a packet stays in the device until it is asked for. */
  highWaterMark?: number
}

/** What `TunQueue.toWeb` returns. Neither side closes the queue. */
export interface PacketStreams {
  /** Copies of the packets that arrive. Ends when the queue is closed. */
  readable: ReadableStream<Uint8Array>
  /** Takes whole packets; a write resolves when the device has the packet. */
  writable: WritableStream<Uint8Array>
}

/** No byte streams: their readers may ask for half a packet. */
export function packetStreams(
  queue: PacketQueue,
  { signal, highWaterMark = 0 }: WebStreamOptions,
): PacketStreams {
  const cancelled = new AbortController()
  const readSignal = signal ? AbortSignal.any([signal, cancelled.signal]) : cancelled.signal
  const reader = new PacketReader(queue, readSignal)
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const packet = await reader.next()
        if (packet === undefined) controller.close()
        else controller.enqueue(packet)
      },
      cancel(reason) {
        cancelled.abort(reason)
      },
    },
    { highWaterMark },
  )
  const writer = new PacketWriter(queue)
  const aborted = new AbortController()
  const writeSignal = signal ? AbortSignal.any([signal, aborted.signal]) : aborted.signal
  const writable = new WritableStream<Uint8Array>({
    write: (packet) => writer.write([packet], writeSignal),
    abort(reason) {
      aborted.abort(reason)
    },
  })
  return { readable, writable }
}
