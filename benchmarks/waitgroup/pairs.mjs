/**
 * Each ratio's name, the load, who is compared with whom, and from which ratio on it is good enough.
 *
 * @type {readonly (readonly [string, string, string, string, number?])[]}
 */
const COMPARED = [
  ['count_vs_jpwilliams', 'count', 'ours', 'jpwilliams'],
  ...['go', 'go_100k', 'track'].flatMap((load) => [
    /** @type {const} */ ([`${load}_vs_all_settled`, load, 'ours', 'all-settled']),
    /** @type {const} */ ([`${load}_vs_p_queue`, load, 'ours', 'p-queue', 1]),
    /** @type {const} */ ([`${load}_vs_jpwilliams`, load, 'ours', 'jpwilliams']),
  ]),
]

/** Bytes of heap that may be left after all tasks of the look at memory. */
const MOST_LEFT_BYTES = 1 << 20

/** @type {import('../harness/summary.mjs').Pair[]} */
export const PAIRS = COMPARED.map(([key, load, subject, opponent]) => ({ key, load, subject, opponent }))

export const DEFINITIONS = {
  ratio: 'median over the rounds of (rate of the first / rate of the second in the same round)',
  rates: 'pairs or tasks per second of all passes, waiting and garbage collection included',
  nanoseconds: 'time for each; cpuNanoseconds: processor time, all threads',
  count: 'one pair of add() and done(); 1,000 up, a wait, 1,000 down',
  guard: 'a token made and given back; 1,000 are held at once',
  go: 'an async function that awaits once: go() of ours, add() of p-queue, an array for allSettled, add() and then(done, done) of jpwilliams',
  go_100k: 'the same, 100,000 started before the wait',
  track: 'the same functions, called before: track() of ours, add(() => promise) of p-queue',
  memory:
    'bytes of heap for each of 100,000 functions in flight, with what counts them (countedBytes) and without (aloneBytes); leftBytes: how the heap has grown after all tasks',
}

/**
 * Which figures are as good as they have to be. Those that were not measured are left out.
 *
 * @param {import('../harness/summary.mjs').Summary} summary
 * @param {readonly import('./memory.mjs').Memory[]} memory
 */
export function judge({ ratios }, memory) {
  const judgedRatios = COMPARED.flatMap(([key, , , , atLeast]) => {
    const ratio = ratios[key]
    return atLeast === undefined || ratio === undefined
      ? []
      : [{ key, ratio, atLeast, met: ratio >= atLeast }]
  })
  const judgedMemory = memory
    .filter(({ variant }) => variant === 'ours')
    .map(({ leftBytes }) => ({
      key: 'memory_left_bytes',
      bytes: leftBytes,
      atMost: MOST_LEFT_BYTES,
      met: leftBytes <= MOST_LEFT_BYTES,
    }))
  return [...judgedRatios, ...judgedMemory]
}
