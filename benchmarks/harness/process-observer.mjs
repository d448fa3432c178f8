import { readFile } from 'node:fs/promises'

/** Ticks a second in /proc/PID/stat, USER_HZ: 100 on every architecture Node runs on. */
const TICKS_PER_SECOND = 100

/**
 * A forwarding process, and its TUN devices: each with a process that sees it, because it is in the same network
 * namespace.
 *
 * @typedef {{ pid: number, devices: readonly { name: string, seenBy: number }[] }} Subject
 */

/**
 * What one forwarding process did in a window of time, from counters the kernel keeps anyway.
 *
 * @typedef {object} Observation
 * @property {number} readsPerPacket read(2) and its kin, all threads, for each packet the devices handed over. What is
 *   above 1 are the reads that found a device empty: one for each batch that was not full.
 * @property {number} writesPerPacket The same of write(2), for each packet the devices took.
 * @property {number} bytesPerPacket Of what the devices handed over; more than the MTU when they are super-packets.
 * @property {number} cpu Busy share of one core, all threads.
 * @property {number} cpuMicrosPerPacket Processor time, all threads, for each packet the devices handed over. Other
 *   programs disturb it less than a rate.
 */

/**
 * Watches a process and its TUN devices between `begin` and `end`, without a tracer: /proc/PID/io counts system calls,
 * /proc/PID/net/dev what passed the devices.
 *
 * @param {Subject | undefined} subject Undefined: there is nothing to watch.
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

/** @param {Subject} subject */
async function takeSnapshot({ pid, devices }) {
  const [io = '', stat = '', ...tables] = await Promise.all(
    [`${pid}/io`, `${pid}/stat`, ...devices.map(({ seenBy }) => `${seenBy}/net/dev`)].map((file) =>
      readFile(`/proc/${file}`, 'utf8'),
    ),
  )
  const passed = devices.map(({ name }, index) => countersOf(name, tables[index] ?? ''))
  const total = (/** @type {'packetsRead' | 'bytesRead' | 'packetsWritten'} */ what) =>
    passed.reduce((sum, each) => sum + each[what], 0)
  // The name of the program, in parentheses, may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    atMs: performance.now(),
    reads: Number(/syscr: (\d+)/.exec(io)?.[1]),
    writes: Number(/syscw: (\d+)/.exec(io)?.[1]),
    packetsRead: total('packetsRead'),
    bytesRead: total('bytesRead'),
    packetsWritten: total('packetsWritten'),
    ticks: Number(fields[11]) + Number(fields[12]),
  }
}

/**
 * @param {string} device
 * @param {string} table Content of /proc/PID/net/dev.
 */
function countersOf(device, table) {
  const line = table.split('\n').find((each) => each.trim().startsWith(`${device}:`))
  const numbers = (line?.split(':')[1] ?? '').trim().split(/\s+/).map(Number)
  // What the device received is what the process wrote, and the other way round.
  const [, packetsWritten = Number.NaN] = numbers
  const [bytesRead = Number.NaN, packetsRead = Number.NaN] = numbers.slice(8)
  return { packetsRead, bytesRead, packetsWritten }
}

/**
 * @param {Snapshot} before
 * @param {Snapshot} after
 * @returns {Observation}
 */
function compare(before, after) {
  const packets = after.packetsRead - before.packetsRead
  const cpuSeconds = (after.ticks - before.ticks) / TICKS_PER_SECOND
  return {
    readsPerPacket: (after.reads - before.reads) / packets,
    writesPerPacket: (after.writes - before.writes) / (after.packetsWritten - before.packetsWritten),
    bytesPerPacket: (after.bytesRead - before.bytesRead) / packets,
    cpu: cpuSeconds / ((after.atMs - before.atMs) / 1000),
    cpuMicrosPerPacket: (cpuSeconds * 1e6) / packets,
  }
}
