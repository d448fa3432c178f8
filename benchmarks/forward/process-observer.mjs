import { readFile } from 'node:fs/promises'

/** Ticks a second in /proc/PID/stat, USER_HZ: 100 on every architecture Node runs on. */
const TICKS_PER_SECOND = 100

/**
 * What one forwarding process did in a window of time, from counters the kernel keeps anyway.
 *
 * @typedef {object} Observation
 * @property {number} readsPerPacket read(2) and its kin, all threads, for each packet the device handed over. What is
 *   above 1 are the reads that found the device empty: one for each batch that was not full.
 * @property {number} writesPerPacket The same of write(2), for each packet the device took.
 * @property {number} bytesPerPacket Of what the device handed over; more than the MTU when they are super-packets.
 * @property {number} cpu Busy share of one core, all threads.
 */

/**
 * Watches a process and its TUN device between `begin` and `end`, without a tracer: /proc/PID/io counts system calls,
 * /proc/PID/net/dev what passed the device.
 *
 * @param {{ pid: number, device: string } | undefined} subject Undefined: there is nothing to watch.
 */
export function observeProcess(subject) {
  /** @type {Snapshot | undefined} */
  let before
  /** @type {Snapshot | undefined} */
  let after
  return {
    async begin() {
      if (subject) before = await takeSnapshot(subject)
    },
    async end() {
      if (subject) after = await takeSnapshot(subject)
    },
    /** @returns {Observation | undefined} */
    result: () => (before && after ? compare(before, after) : undefined),
  }
}

/** @typedef {Awaited<ReturnType<typeof takeSnapshot>>} Snapshot */

/** @param {{ pid: number, device: string }} subject */
async function takeSnapshot({ pid, device }) {
  const [io, devices, stat] = await Promise.all(
    ['io', 'net/dev', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
  )
  const line = devices?.split('\n').find((each) => each.trim().startsWith(`${device}:`))
  // What the device received is what the process wrote, and the other way round.
  const [, written, , , , , , , bytesRead, read] = (line?.split(':')[1] ?? '').trim().split(/\s+/).map(Number)
  // The name of the program, in parentheses, may contain spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return {
    atMs: performance.now(),
    reads: Number(/syscr: (\d+)/.exec(io ?? '')?.[1]),
    writes: Number(/syscw: (\d+)/.exec(io ?? '')?.[1]),
    packetsRead: read ?? Number.NaN,
    bytesRead: bytesRead ?? Number.NaN,
    packetsWritten: written ?? Number.NaN,
    ticks: Number(fields[11]) + Number(fields[12]),
  }
}

/**
 * @param {Snapshot} before
 * @param {Snapshot} after
 * @returns {Observation}
 */
function compare(before, after) {
  const packets = after.packetsRead - before.packetsRead
  return {
    readsPerPacket: (after.reads - before.reads) / packets,
    writesPerPacket: (after.writes - before.writes) / (after.packetsWritten - before.packetsWritten),
    bytesPerPacket: (after.bytesRead - before.bytesRead) / packets,
    cpu: (after.ticks - before.ticks) / TICKS_PER_SECOND / ((after.atMs - before.atMs) / 1000),
  }
}
