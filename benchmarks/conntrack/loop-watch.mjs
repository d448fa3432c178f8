const TIMER_MS = 1

/** @typedef {{ maxMs: number, p99Ms: number }} Stall */

/**
 * Watches how long the event loop does not turn: the time between two turns of a timer of 1 ms, which is what an idle loop
 * shows. Unlike `monitorEventLoopDelay` it counts what is under way when it begins and when it ends.
 */
export function watchLoop() {
  /** @type {number[]} */
  const gaps = []
  let last = performance.now()
  const turn = () => {
    const at = performance.now()
    gaps.push(at - last)
    last = at
  }
  const timer = setInterval(turn, TIMER_MS)
  return {
    /** @returns {number[]} Milliseconds. */
    stop() {
      clearInterval(timer)
      turn()
      return gaps
    },
  }
}

/**
 * @param {readonly number[]} gaps At least one.
 * @returns {Stall}
 */
export function stallOf(gaps) {
  const sorted = gaps.toSorted((a, b) => a - b)
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { maxMs: at(1), p99Ms: at(0.99) }
}
