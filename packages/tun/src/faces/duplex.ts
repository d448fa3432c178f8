import { Duplex } from 'node:stream'
import type { PacketQueue } from '../queue/packet-queue.js'
import { PacketReader } from './packet-reader.js'
import { PacketWriter } from './packet-writer.js'

/** Options of `TunQueue.toDuplex`. */
export interface DuplexOptions {
  /** Destroys the stream. */
  signal?: AbortSignal
  /** Packets that may wait on either side. Default 64. */
  highWaterMark?: number
}

type Done = (error?: Error | null) => void

/** One object is one packet; neither end nor destroy closes the queue. */
export function packetDuplex(queue: PacketQueue, { signal, highWaterMark = 64 }: DuplexOptions): Duplex {
  const destroyed = new AbortController()
  const reader = new PacketReader(queue, destroyed.signal)
  const writer = new PacketWriter(queue)
  const write = (packets: readonly Uint8Array[], done: Done) => {
    writer.write(packets, destroyed.signal).then(() => done(), done)
  }
  return new Duplex({
    objectMode: true,
    highWaterMark,
    ...(signal && { signal }),
    read() {
      reader.next().then(
        (packet) => this.push(packet ?? null),
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
      destroyed.abort(error)
      done(error)
    },
  })
}
