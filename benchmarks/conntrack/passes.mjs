/** A pass of this many entries does not count: code is compiled and loaded by it. */
export const WARM_UP_ENTRIES = 20_000

/**
 * What a side does in one pass, and what it needs around it. Passes get the number of entries.
 *
 * @typedef {object} Passes
 * @property {(count: number) => unknown} [before] Not in the time.
 * @property {(count: number) => unknown} pass
 * @property {(count: number) => unknown} [after] Not in the time; checks what came of it.
 * @property {boolean} [isWhole] A pass always has all entries, the one that does not count too.
 */

/**
 * As native/conntrack-batch.c does it: passes until the time is over, after one that does not count. Prints entries,
 * milliseconds and processor time of all passes as JSON.
 *
 * @param {Passes} passes
 * @param {number} count
 * @param {number} milliseconds
 * @param {() => number} [processorTime] In milliseconds, so far. Default: that of this process, all threads.
 */
export async function runPasses(passes, count, milliseconds, processorTime = ownProcessorTime) {
  const spent = { milliseconds: 0, cpuMilliseconds: 0 }
  /** @param {number} entries */
  const run = async (entries) => {
    await passes.before?.(entries)
    const [start, cpuStart] = [performance.now(), processorTime()]
    await passes.pass(entries)
    spent.milliseconds += performance.now() - start
    spent.cpuMilliseconds += processorTime() - cpuStart
    await passes.after?.(entries)
  }
  await run(passes.isWhole ? count : Math.min(count, WARM_UP_ENTRIES))
  Object.assign(spent, { milliseconds: 0, cpuMilliseconds: 0 })
  let entries = 0
  do {
    await run(count)
    entries += count
  } while (spent.milliseconds < milliseconds)
  console.log(JSON.stringify({ entries, ...spent }))
}

function ownProcessorTime() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

/**
 * @param {string} what
 * @param {number} found
 * @param {number} count
 */
export function requireAll(what, found, count) {
  if (found !== count) throw new Error(`${found} of ${count} entries were ${what}`)
}
