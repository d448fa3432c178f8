/**
 * Index by name into `TunQueue.counters`.
 *
 * Packets and bytes count what passed, without virtio headers; a super-packet is one packet. `batchesIn` and
 * `batchesOut` count calls that moved something. `readAgain` and `writeAgain` count EAGAIN. `writeErrors`
 * counts packets refused (see their status words), `readErrors` failed reads.
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
} as const

/**
 * Zeroed memory for the counters of one queue. Shared, so that it can be neither transferred away under the
 * native code that writes to it nor hidden from another thread that wants to publish it.
 */
export function createCounters(): Float64Array {
  const slots = Object.keys(TUN_COUNTER).length
  return new Float64Array(new SharedArrayBuffer(slots * Float64Array.BYTES_PER_ELEMENT))
}
