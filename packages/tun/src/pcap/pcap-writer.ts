import type { Writable } from 'node:stream'
import { viewOf } from '../batch/copy-bytes.js'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import type { PacketBatch } from '../batch/packet-batch.js'
import { invalidType, invalidValue, requireBoolean, requireInteger } from '../errors/invalid-argument.js'
import { TunError } from '../errors/tun-error.js'
import { MAX_PACKET_BYTES } from '../kernel-abi.js'
import { encodeFileHeader } from './pcap-format.js'
import { openFileTarget, type PcapTarget, streamTarget } from './pcap-target.js'
import { RecordSpool } from './record-spool.js'
import { WallClock } from './wall-clock.js'

/** Options of {@link createPcapWriter}. */
export interface PcapWriterOptions {
  /** Most bytes kept of a packet, 1 to 65535. Default 65535: all. */
  snapLength?: number
  /** Timestamps in nanoseconds instead of microseconds. Default false: every reader knows those. */
  nanoseconds?: boolean
  /** Bytes that may wait for the file, twice: while one half is written, the other is filled. 128 KiB to 1 GiB, default 4 MiB. */
  bufferBytes?: number
}

const NS_PER_SECOND = 1_000_000_000n
const MAX_TIMESTAMP_NS = (1n << 32n) * NS_PER_SECOND - 1n

/**
 * Begins a capture file of raw IP packets that tcpdump and Wireshark read (LINKTYPE_RAW): a file at a path, emptied if it is
 * there, or a stream, ended when the writer is closed. Works on every platform.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; what the file system or the stream says
 * @see draft-ietf-opsawg-pcap
 */
export async function createPcapWriter(
  target: string | URL | Writable,
  options: PcapWriterOptions = {},
): Promise<PcapWriter> {
  const { snapLength = MAX_PACKET_BYTES, nanoseconds = false, bufferBytes = 1 << 22 } = options
  requireInteger('snapLength', snapLength, 1, MAX_PACKET_BYTES)
  requireBoolean('nanoseconds', nanoseconds)
  requireInteger('bufferBytes', bufferBytes, 1 << 17, 1 << 30)
  const opened = await openTarget(target)
  try {
    await opened.write(encodeFileHeader({ snapLength, nanoseconds }))
  } catch (error) {
    await opened.close().catch(() => {})
    throw error
  }
  return new PcapWriter(new RecordSpool(opened, bufferBytes), snapLength, nanoseconds)
}

function openTarget(target: unknown): PcapTarget | Promise<PcapTarget> {
  if (typeof target === 'string' || target instanceof URL) return openFileTarget(target)
  if (!isWritable(target)) throw invalidType('target', 'a path or a Writable', target)
  return streamTarget(target)
}

function isWritable(target: unknown): target is Writable {
  return typeof target === 'object' && target !== null && 'write' in target && 'end' in target
}

/**
 * Records packets. Made by {@link createPcapWriter}.
 *
 * Recording is synchronous, copies the packet and never waits; the file is written meanwhile. When packets come faster than the file
 * takes them and the memory is full, they are not recorded, but counted in {@link dropped}. Whoever waits for {@link drained} after
 * each `false` loses none.
 */
export class PcapWriter implements AsyncDisposable {
  readonly #spool: RecordSpool
  readonly #snapLength: number
  readonly #ticksPerSecond: number
  readonly #clock = new WallClock()
  #seconds = 0
  #fraction = 0
  #outside = 0
  #closing: Promise<void> | undefined

  /** @internal Use `createPcapWriter`. */
  constructor(spool: RecordSpool, snapLength: number, nanoseconds: boolean) {
    this.#spool = spool
    this.#snapLength = snapLength
    this.#ticksPerSecond = nanoseconds ? 1e9 : 1e6
  }

  /** Packets recorded: those in the file, and those on their way. */
  get recorded(): number {
    return this.#spool.accepted
  }

  /** Packets that are missing in the file: no memory, a write that failed, a descriptor that pointed outside its slab. */
  get dropped(): number {
    return this.#spool.lost + this.#outside
  }

  /**
   * Records one packet, cut at `snapLength`. True while there is room; false: wait for {@link drained} before the next one, or it
   * may be dropped.
   *
   * `timestampNs`: nanoseconds since 1970, default now.
   *
   * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; TunError `ERR_PCAP_CLOSED`
   */
  write(packet: Uint8Array, timestampNs?: bigint): boolean {
    this.#requireOpen()
    if (!(packet instanceof Uint8Array)) throw invalidType('packet', 'a Uint8Array', packet)
    this.#setTime(timestampNs)
    this.#record(viewOf(packet), 0, packet.length)
    return this.#spool.hasRoom
  }

  /**
   * Records the packets of a batch, read or to be written, before or after rewriting, all with one timestamp. What is in the slab now is
   * what is recorded: super-packets whole, unfinished checksums as they are, and nothing of packets of length 0. Allocates
   * nothing per packet of an ordinary MTU.
   *
   * Returns what {@link write} does: with buffers of the default size, a batch of the default size fits after each `true`.
   *
   * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; TunError `ERR_PCAP_CLOSED`
   */
  writeBatch(batch: PacketBatch, timestampNs?: bigint): boolean {
    this.#requireOpen()
    const { view, descriptors, count, capacity } = batch
    requireInteger('batch.count', count, 0, capacity)
    this.#setTime(timestampNs)
    for (let index = 0; index < count; index += 1) {
      const words = index * DESCRIPTOR_WORDS
      const length = descriptors[words + DESCRIPTOR.length]!
      if (length !== 0) this.#record(view, descriptors[words + DESCRIPTOR.offset]!, length)
    }
    return this.#spool.hasRoom
  }

  /**
   * Resolves when every packet recorded so far is with the file system or the stream. Rejects with the first error of those, or
   * with an `AbortError` when `signal` aborts, which does not end the capture.
   */
  drained({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#spool.drained(signal)
  }

  /** Writes what is left, and closes the file or ends the stream. Rejects with the first error of the capture. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#spool.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #record(memory: DataView, offset: number, length: number): void {
    if (offset < 0 || length < 0 || offset + length > memory.byteLength) {
      this.#outside += 1
      return
    }
    const captured = Math.min(length, this.#snapLength)
    this.#spool.append(this.#seconds, this.#fraction, memory, offset, length, captured)
  }

  #setTime(timestampNs: bigint | undefined): void {
    if (timestampNs === undefined) {
      const now = this.#clock.now()
      this.#seconds = Math.floor(now / 1000)
      this.#fraction = Math.floor(((now - this.#seconds * 1000) * this.#ticksPerSecond) / 1000)
      return
    }
    if (typeof timestampNs !== 'bigint') throw invalidType('timestampNs', 'a bigint', timestampNs)
    if (timestampNs < 0n || timestampNs > MAX_TIMESTAMP_NS) {
      throw invalidValue('timestampNs', 'a time from 1970 to 2106', String(timestampNs))
    }
    this.#seconds = Number(timestampNs / NS_PER_SECOND)
    this.#fraction = Math.floor((Number(timestampNs % NS_PER_SECOND) * this.#ticksPerSecond) / 1e9)
  }

  #requireOpen(): void {
    if (this.#closing === undefined) return
    throw new TunError('the capture is closed', {
      code: 'ERR_PCAP_CLOSED',
      hint: 'Stop recording before close()',
    })
  }
}
