import { Duplex } from 'node:stream'
import { requireInteger, requireSignal } from '../errors/invalid-argument.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { PacketReader } from './packet-reader.js'
import { PacketWriter } from './packet-writer.js'
import { requireOptions } from './require-options.js'
import { whenClosed } from './when-closed.js'

/** Options of `TunQueue.toDuplex`. */
export interface DuplexOptions {
  /** Destroys the stream. */
  signal?: AbortSignal | undefined
  /**
   * Packets taken ahead of the reader, 0 to 65536. They are lost when the stream is destroyed. Default 0: a packet stays in the
   * device until it is asked for.
   */
  readableHighWaterMark?: number | undefined
  /** Packets that may wait to be written before `write` says false, 0 to 65536. Default 64. */
  writableHighWaterMark?: number | undefined
}

type Done = (error?: Error | null) => void

/**
 * One object is one packet; neither end nor destroy closes the queue. When the queue is closed, both sides end; what still waits to be
 * written destroys the stream with `ERR_TUN_CLOSED`.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function packetDuplex(queue: PacketQueue, options: DuplexOptions): Duplex {
  requireOptions(options)
  const { signal, readableHighWaterMark = 0, writableHighWaterMark = 64 } = options
  requireSignal('signal', signal)
  requireInteger('readableHighWaterMark', readableHighWaterMark, 0, 1 << 16)
  requireInteger('writableHighWaterMark', writableHighWaterMark, 0, 1 << 16)

  const destroyed = new AbortController()
  const reader = new PacketReader(queue, destroyed.signal)
  const writer = new PacketWriter(queue)
  let isReading = false
  let isClosed = false
  let stopListening = () => {}
  const end = () => {
    duplex.push(null)
    // Nobody may ever read; without this there would be no 'end' then.
    duplex.read(0)
  }
  const write = (packets: readonly Uint8Array[], done: Done) => {
    writer.write(packets, destroyed.signal).then(() => done(), done)
  }
  const duplex: Duplex = new Duplex({
    objectMode: true,
    // The writable side ends with the readable one: there is no queue any more.
    allowHalfOpen: false,
    readableHighWaterMark,
    writableHighWaterMark,
    ...(signal && { signal }),
    read() {
      isReading = true
      reader.next().then(
        (packet) => {
          isReading = false
          if (packet !== undefined) this.push(packet)
          if (packet === undefined || isClosed) end()
        },
        (error) => this.destroy(error),
      )
    },
    write: (packet: Uint8Array, _encoding, done: Done) => write([packet], done),
    writev: (chunks, done: Done) =>
      write(
        chunks.map(({ chunk }) => chunk),
        done,
      ),
    destroy(error, done) {
      stopListening()
      destroyed.abort(error)
      done(error)
    },
  })
  if (duplex.destroyed) return duplex
  stopListening = whenClosed(queue, () => {
    isClosed = true
    // A read under way ends by itself, and may have a packet in hand.
    if (!isReading) end()
  })
  return duplex
}
