import { invalidType } from '../errors/invalid-argument.js'

/** Batch sizes are counted in powers of two: 1, 2-3, 4-7, … 128-255, 256 and more. */
const BATCH_SIZE_BUCKETS = 9

/**
 * Index by name into `TunQueue.counters`.
 *
 * Packets and bytes count what passed the device, without virtio headers; a super-packet is one packet. `batchesIn`
 * and `batchesOut` count calls that moved something, `batchSizesIn` and `batchSizesOut` are the first of nine slots
 * that sort them by size (1, 2-3, 4-7, … 256 and more). `readAgain` and `writeAgain` count EAGAIN, `readErrors`
 * failed reads.
 *
 * `segmentsIn` counts packets that super-packets were cut into on reading, `mergedOut` packets that left as part of a
 * super-packet, `fallbacks` super-packets that the kernel refused and that were sent as segments instead.
 *
 * Every packet that is lost has a counter. `writeErrors` counts those refused on writing (see their status words), and
 * is the sum of `dropOutside` (descriptor points outside the slab), `dropMalformed` (a header that does not fit its
 * packet, or one the kernel found wrong), `dropDown` (interface down), `dropUnsupported` (unfinished packet on a queue
 * without offload), `dropGone` (device deleted) and `dropOther`. `dropMalformedIn` counts super-packets read that could
 * not be cut, `dropAbandoned` what was in hand when it was given up: super-packets of which a rest was not read or not written yet when the
 * queue was closed or the batch was filled anew, and packets that a stream could not write any more.
 */
export const TUN_COUNTER = {
  packetsIn: 0,
  bytesIn: 1,
  packetsOut: 2,
  bytesOut: 3,
  batchesIn: 4,
  batchesOut: 5,
  readAgain: 6,
  writeAgain: 7,
  writeErrors: 8,
  readErrors: 9,
  superPacketsIn: 10,
  superPacketsOut: 11,
  dropOutside: 12,
  dropMalformed: 13,
  dropDown: 14,
  dropUnsupported: 15,
  dropGone: 16,
  dropOther: 17,
  segmentsIn: 18,
  mergedOut: 19,
  fallbacks: 20,
  dropMalformedIn: 21,
  dropAbandoned: 22,
  batchSizesIn: 23,
  batchSizesOut: 23 + BATCH_SIZE_BUCKETS,
} as const

const SLOTS = TUN_COUNTER.batchSizesOut + BATCH_SIZE_BUCKETS

/**
 * Zeroed memory for the counters of one queue. Shared, so that it can be neither transferred away under the
 * native code that writes to it nor hidden from another thread that wants to publish it.
 */
export function createCounters(): Float64Array {
  return new Float64Array(new SharedArrayBuffer(SLOTS * Float64Array.BYTES_PER_ELEMENT))
}

/** Raises the slot for a batch of `size` packets; `first` is `batchSizesIn` or `batchSizesOut`. */
export function countBatchSize(counters: Float64Array, first: number, size: number): void {
  const bucket = Math.min(31 - Math.clz32(size), BATCH_SIZE_BUCKETS - 1)
  counters[first + bucket]! += 1
}

/** All counters of a queue by name, and the two histograms of batch sizes. */
export type TunCounters = Record<
  Exclude<keyof typeof TUN_COUNTER, 'batchSizesIn' | 'batchSizesOut'>,
  number
> & {
  batchSizesIn: number[]
  batchSizesOut: number[]
}

/** Copies counters into an object: for logs and metrics, not for loops. */
export function readCounters(counters: Float64Array): TunCounters {
  if (!(counters instanceof Float64Array)) throw invalidType('counters', 'the counters of a queue', counters)
  const entries = Object.entries(TUN_COUNTER).map(([name, slot]) => {
    const isHistogram = name.startsWith('batchSizes')
    return [name, isHistogram ? [...counters.slice(slot, slot + BATCH_SIZE_BUCKETS)] : counters[slot]]
  })
  return Object.fromEntries(entries) as TunCounters
}
