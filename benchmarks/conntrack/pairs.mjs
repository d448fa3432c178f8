import { LARGE } from './parts.mjs'

/**
 * Each ratio's name, the load, who is compared with whom, and from which ratio on it is good enough.
 *
 * @type {readonly (readonly [string, string, string, string, number?])[]}
 */
const COMPARED = [
  ['create_vs_c_batch', 'create', 'ours', 'c', 0.4],
  ['create_vs_c_single', 'create', 'ours', 'c-single'],
  ['create_vs_conntrack_R', 'create', 'ours', 'conntrack', 1.5],
  ['create_vs_npm_netlink', 'create', 'ours', 'npm'],
  ['c_batch_vs_c_single', 'create', 'c', 'c-single'],
  ['delete_vs_c', 'delete', 'ours', 'c'],
  ['delete_vs_conntrack_D', 'delete', 'ours', 'conntrack'],
  ['dump_vs_c', 'dump', 'ours', 'c'],
  ['dump_vs_conntrack_L', 'dump', 'ours', 'conntrack', 1.3],
  ['dump_vs_conntrack_L_id', 'dump', 'ours', 'conntrack-id'],
  ['dump_bytes_vs_c', 'dump', 'ours-bytes', 'c'],
  ['dump_bytes_vs_text', 'dump', 'ours-bytes', 'ours'],
  ['dump_large_vs_c', LARGE, 'ours', 'c'],
  ['dump_large_vs_conntrack_L', LARGE, 'ours', 'conntrack'],
  ['events_vs_c', 'events', 'ours', 'c'],
  ['events_small_vs_c', 'events_small', 'ours', 'c'],
  ['events_small_vs_conntrack_E', 'events_small', 'ours', 'conntrack'],
]

/** Milliseconds that the event loop may stand still. */
const MOST_STALL_MS = 10
const STALLS = ['stall_dump', 'stall_create']

/** @type {import('../harness/summary.mjs').Pair[]} */
export const PAIRS = COMPARED.map(([key, load, subject, opponent]) => ({ key, load, subject, opponent }))

export const DEFINITIONS = {
  ratio: 'median over the rounds of (rate of the first / rate of the second in the same round)',
  rates: 'entries per second of all passes; of stall_: milliseconds',
  cpuMicros: 'processor time of the side for each entry, all threads, the kernel included',
  create:
    'entries made in an empty table of the namespace; c_batch: 128 messages a datagram, the last acknowledged; c_single: one; conntrack_R: conntrack -R FILE; npm_netlink: request(), 100 in flight',
  delete: 'by tuple; conntrack_D: conntrack -D -p tcp, which reads the table and deletes what it finds',
  dump: 'every entry as an object with addresses as text; bytes: addresses as bytes; c: attributes are walked, nothing is kept; conntrack_L: conntrack -L to /dev/null, as text; _id: with -o id',
  dump_large: 'the same with largeEntries entries, see conditions',
  events:
    'highest rate of NEW and DESTROY events at which the listener received all; isSourceBound: the source could not make more; isBelow: events were lost at the least rate too, so less than the figure; c: only counts',
  events_small:
    'the same with the default buffer, which has room for 166; conntrack_E: conntrack -E to /dev/null',
  stall:
    'longest time between two turns of a timer of 1 ms in a process that does nothing else; threshold: the median over the rounds',
  memory:
    'peaks over what the process had before, looked at every 5,000 entries; leftBytes: of the heap, after gc()',
}

/**
 * Which figures are as good as they have to be. Those that were not measured are left out.
 *
 * @param {import('../harness/summary.mjs').Summary} summary
 */
export function judge({ ratios, rates }) {
  const judgedRatios = COMPARED.flatMap(([key, , , , atLeast]) => {
    const ratio = ratios[key]
    return atLeast === undefined || ratio === undefined
      ? []
      : [{ key, ratio, atLeast, met: ratio >= atLeast }]
  })
  const judgedStalls = STALLS.flatMap((load) => {
    const milliseconds = rates[load]?.ours?.median
    if (milliseconds === undefined) return []
    const met = milliseconds <= MOST_STALL_MS
    return [{ key: `${load}_ms`, milliseconds: Number(milliseconds.toFixed(2)), atMost: MOST_STALL_MS, met }]
  })
  return [...judgedRatios, ...judgedStalls]
}
