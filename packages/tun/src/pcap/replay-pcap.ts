import { setTimeout as delay } from 'node:timers/promises'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import { MAX_PACKET_BYTES } from '../kernel-abi.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import type { PcapRecord } from './pcap-parser.js'
import { type PcapSource, readPcap } from './read-pcap.js'

/** Where packets are replayed: a queue of a device or in memory. */
export type ReplayQueue = Pick<PacketQueue, 'writeBatch' | 'writable'>

/** Options of {@link replayPcap}. */
export interface ReplayOptions {
  /** `asap`, or how much faster than it was recorded: 1 as recorded, 10 in a tenth of the time. Default `asap`. */
  speed?: 'asap' | number
  signal?: AbortSignal
}

/** What became of the packets of a file; together they are all of them. */
export interface ReplayResult {
  /** Packets that the queue took. */
  packets: number
  /** Their bytes. */
  bytes: number
  /** Packets that it refused, that were cut when they were captured, that are empty or longer than 65,535 bytes. */
  refused: number
}

const PACKETS_PER_BATCH = 256
/** Timers are no finer; what is due within one tick goes out together. */
const TIMER_MS = 1
/** Longest delay of a timer. */
const MAX_DELAY_MS = 0x7fff_ffff

/**
 * Writes the packets of a capture to a queue, in order and under its back-pressure.
 *
 * With a `speed`, a packet is early by less than a millisecond, and late by what timers and the queue are. A packet that is cut, empty or refused is counted, the
 * others go on.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; as {@link readPcap} and the queue, after what came
 *   before was written
 */
export async function replayPcap(
  source: PcapSource,
  queue: ReplayQueue,
  { speed = 'asap', signal }: ReplayOptions = {},
): Promise<ReplayResult> {
  const pace = speed === 'asap' ? undefined : new Pace(speed)
  const wait = signal === undefined ? {} : { signal }
  const replay = new Replay(queue, wait)
  try {
    for await (const record of readPcap(source, wait)) {
      for (let early = pace?.msUntil(record) ?? 0; early >= TIMER_MS; early = pace!.msUntil(record)) {
        await replay.flush()
        await delay(Math.min(early, MAX_DELAY_MS), undefined, wait)
      }
      await replay.add(record)
    }
  } catch (error) {
    // What was read before a damaged record is as good as the rest; if it was the queue that failed, it fails again.
    if (!signal?.aborted) await replay.flush().catch(() => {})
    throw error
  }
  await replay.flush()
  return replay.result
}

/** When packets are due, counted from the first. */
class Pace {
  readonly #speed: number
  #firstNs: bigint | undefined
  #startMs = 0

  constructor(speed: number) {
    if (typeof speed !== 'number') throw invalidType('speed', "'asap' or a number", speed)
    if (!(speed > 0 && speed < Number.POSITIVE_INFINITY)) {
      throw invalidValue('speed', "'asap' or a number above 0", speed)
    }
    this.#speed = speed
  }

  msUntil({ timestampNs }: PcapRecord): number {
    if (this.#firstNs === undefined) {
      this.#firstNs = timestampNs
      this.#startMs = performance.now()
    }
    const dueMs = Number(timestampNs - this.#firstNs) / 1e6 / this.#speed
    return dueMs - (performance.now() - this.#startMs)
  }
}

/** Packets on their way from a file into a queue. */
class Replay {
  readonly result: ReplayResult = { packets: 0, bytes: 0, refused: 0 }
  readonly #queue: ReplayQueue
  readonly #wait: { signal?: AbortSignal }
  readonly #batch = new PacketBatch({ packets: PACKETS_PER_BATCH })
  /** The first packet of the batch that is not out. */
  #next = 0
  /** Of the packets of the batch: a queue may lower the word of one that is out. */
  readonly #lengths = new Uint32Array(PACKETS_PER_BATCH)

  constructor(queue: ReplayQueue, wait: { signal?: AbortSignal }) {
    this.#queue = queue
    this.#wait = wait
  }

  async add({ packet, originalLength }: PcapRecord): Promise<void> {
    const isWhole = packet.length === originalLength
    if (!isWhole || packet.length === 0 || packet.length > MAX_PACKET_BYTES) {
      this.result.refused += 1
      return
    }
    let index = this.#batch.append(packet)
    if (index < 0) {
      await this.flush()
      index = this.#batch.append(packet)
    }
    this.#lengths[index] = packet.length
  }

  async flush(): Promise<void> {
    const batch = this.#batch
    while (this.#next < batch.count) {
      const written = this.#queue.writeBatch(batch, this.#next)
      this.#count(this.#next, written)
      this.#next = written
      if (written < batch.count) await this.#queue.writable(this.#wait)
    }
    this.#next = 0
    batch.clear()
  }

  #count(from: number, to: number): void {
    for (let index = from; index < to; index += 1) {
      if (this.#batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status] !== 0) {
        this.result.refused += 1
        continue
      }
      this.result.packets += 1
      this.result.bytes += this.#lengths[index]!
    }
  }
}
