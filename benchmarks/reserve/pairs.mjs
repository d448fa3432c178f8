import { pairedRatio } from '../harness/statistics.mjs'
import { releaseOf } from './scenario-load.mjs'
import { KINDS, SHARING, SINGLE } from './scenarios.mjs'

/**
 * @typedef {import('../harness/summary.mjs').Pair} Pair
 * @typedef {import('../harness/summary.mjs').Comparison} Comparison
 * @typedef {import('../harness/rounds.mjs').Sample} Sample
 */

/** @type {Pair[]} Whose rates are compared, under the same load. */
export const PAIRS = [
  { key: 'single_vs_c_threads', load: SINGLE.name, subject: 'ours', opponent: 'c-threads' },
  ...[SINGLE, ...SHARING, ...KINDS].flatMap((scenario) => {
    const { name, refused } = scenario
    const loads = refused ? [name] : [name, releaseOf(scenario)]
    return loads.flatMap((load) =>
      ['c', 'python'].map((opponent) => ({ key: `${load}_vs_${opponent}`, load, subject: 'ours', opponent })),
    )
  }),
  { key: 'shared_2000_vs_explicit', load: 'shared_2000', subject: 'ours', opponent: 'c-explicit' },
  ...['slice_picked', 'slice_udp_port', 'slice_udp_port_99'].map((load) => ({
    key: `${load}_vs_c`,
    load,
    subject: 'ours-slice',
    opponent: 'c',
  })),
  { key: 'refusal_remembered_vs_c', load: 'slice_refused', subject: 'ours-slice', opponent: 'c' },
  { key: 'refusal_remembered_udp_vs_c', load: 'slice_refused_udp', subject: 'ours-slice', opponent: 'c' },
  { key: 'fast_open_vs_plain', load: 'first_byte', subject: 'ours-no-cookie', opponent: 'plain' },
  { key: 'fast_open_cookie_vs_plain', load: 'first_byte', subject: 'ours-cookie', opponent: 'plain' },
  { key: 'fast_open_vs_c', load: 'first_byte', subject: 'ours-no-cookie', opponent: 'c-no-cookie' },
]

/**
 * Ratios of one variant under two loads: key, variant, load, load it is compared with.
 *
 * @type {readonly (readonly [string, string, string, string])[]}
 */
const ACROSS = [
  ['shared_port_64_vs_1', 'ours', 'shared_64', 'named'],
  ['shared_port_2000_vs_1', 'ours', 'shared_2000', 'named'],
  ['c_shared_port_2000_vs_1', 'c', 'shared_2000', 'named'],
  ['explicit_shared_port_64_vs_1', 'c-explicit', 'shared_64', 'named'],
  ['explicit_shared_port_2000_vs_1', 'c-explicit', 'shared_2000', 'named'],
]

/**
 * How many round trips earlier the first byte of the answer came: key and variant.
 *
 * @type {readonly (readonly [string, string])[]}
 */
const SAVED = [
  ['fast_open_round_trips_saved', 'ours-no-cookie'],
  ['fast_open_cookie_round_trips_saved', 'ours-cookie'],
  ['fast_open_c_round_trips_saved', 'c-no-cookie'],
]

/** From which ratio on it is good enough. */
const WANTED = {
  single_vs_c: 0.9,
  shared_port_2000_vs_1: 0.85,
  fast_open_round_trips_saved: 0.9,
}

export const DEFINITIONS = {
  ratio: 'median over the rounds of (rate of the first / rate of the second in the same round)',
  rates:
    'reservations, releases (_release) or refusals (refused_) per second, or 1000 / ms to the first byte',
  vs: 'the package against the one behind vs, in the scenario before it',
  single:
    'a tuple in an empty slice, the kernel picks the port; c_threads: C in a process of two threads, as Node has many',
  shared_port:
    'rate of tuples on one port for so many remotes / rate of tuples on as many named ports for one remote each, of 2,000 held; c_: in C; explicit_: in C, by bind and SO_REUSEADDR',
  slice: 'by an object of createSlice(), which remembers refusals; C asks the kernel each time',
  round_trips_saved:
    '(first byte over net.connect - first byte with Fast Open) / round trip of the same round on an open connection',
  kernelBytes:
    'growth of the slab caches of which a reservation has at least half an object (/proc/slabinfo, active objects x their share of a slab), 10,000 tuples with a port each; slabBytes: growth of all of Slab in /proc/meminfo, other programs included',
  userBytes:
    'Node: heapUsed + external after gc(); Python: tracemalloc; C: the descriptor, which nobody counts',
}

/**
 * @param {readonly Sample[]} samples In the order of the rounds.
 * @returns {Comparison[]} Those that were measured.
 */
export function compareAcross(samples) {
  const ratesOf = (/** @type {string} */ variant, /** @type {string} */ load) =>
    samples.filter((each) => each.variant === variant && each.load === load).map(({ rate }) => rate)
  return ACROSS.flatMap(([key, variant, load, other]) => {
    const subject = ratesOf(variant, load)
    if (subject.length === 0) return []
    const ratio = pairedRatio(subject, ratesOf(variant, other))
    return [{ key, load, subject: `${variant} ${load}`, opponent: `${variant} ${other}`, ratio }]
  })
}

/**
 * @param {readonly Sample[]} samples In the order of the rounds.
 * @returns {Comparison[]} Those that were measured.
 */
export function compareRoundTrips(samples) {
  const detailsOf = (/** @type {string} */ variant) =>
    samples
      .filter((each) => each.load === 'first_byte' && each.variant === variant)
      .map(({ details }) => details)
  const plain = detailsOf('plain')
  return SAVED.flatMap(([key, variant]) => {
    const fast = detailsOf(variant)
    if (plain.length === 0 || fast.length === 0) return []
    const saved = plain.map(
      ({ firstByteMs = Number.NaN }, round) => firstByteMs - (fast[round]?.firstByteMs ?? Number.NaN),
    )
    const roundTrips = plain.map(({ roundTripMs = Number.NaN }) => roundTripMs)
    const ratio = pairedRatio(saved, roundTrips)
    return [{ key, load: 'first_byte', subject: variant, opponent: 'plain', ratio }]
  })
}

/**
 * Which ratios are as good as they have to be. Those that were not measured are left out.
 *
 * @param {Record<string, number>} ratios
 */
export function judge(ratios) {
  return Object.entries(WANTED).flatMap(([key, atLeast]) => {
    const ratio = ratios[key]
    return ratio === undefined ? [] : [{ key, ratio, atLeast, met: ratio >= atLeast }]
  })
}
