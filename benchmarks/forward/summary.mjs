import { median, pairedRatio, spread } from '../harness/statistics.mjs'

/**
 * @typedef {import('../harness/statistics.mjs').Spread} Spread
 * @typedef {{ subject: string, opponent: string, load: string, key: string, ratio: Spread }} Comparison
 * @typedef {{ rates: Record<string, Record<string, Spread>>,
 *   processes: Record<string, Record<string, Record<string, number>>>,
 *   ratios: Record<string, number>, comparisons: Comparison[], definitions: Record<string, string> }} Summary
 */

/** What a ratio's name says about who is compared: fish where nobody is named. */
const COMPARED = [
  { subject: 'fish', opponent: 'snat', suffix: 'vs_kernel_snat' },
  { subject: 'fish', opponent: 'reference', suffix: 'vs_c' },
  { subject: 'reference', opponent: 'snat', suffix: 'c_vs_kernel_snat' },
]

const DEFINITIONS = {
  ratio: 'median over the rounds of (rate of the first / rate of the second in the same round)',
  tcp: 'bulk TCP out, client to internet; the way back has its own ratios, tcp_back',
  udp64: 'UDP of 64 bytes out, nobody reads the socket, packets counted at the far interface',
  udp64_sink_reads: 'the same with a process that reads the socket, datagrams it got counted',
  rates: 'bit/s of TCP payload received, or packets/s',
}

/**
 * @param {readonly import('./loads/load.mjs').Load[]} loads
 * @param {readonly import('./variants/variant.mjs').Variant[]} variants
 * @param {readonly import('./forward.mjs').Sample[]} samples In the order of the rounds.
 * @returns {Summary}
 */
export function summarize(loads, variants, samples) {
  const of = (/** @type {string} */ load, /** @type {string} */ variant) =>
    samples.filter((sample) => sample.load === load && sample.variant === variant)
  const ratesOf = (/** @type {string} */ load, /** @type {string} */ variant) =>
    of(load, variant).map(({ rate }) => rate)
  const measured = new Set(variants.map(({ name }) => name))

  /** @type {Summary} */
  const summary = { definitions: DEFINITIONS, ratios: {}, comparisons: [], rates: {}, processes: {} }
  for (const { name: load } of loads) {
    summary.rates[load] = Object.fromEntries(variants.map(({ name }) => [name, spread(ratesOf(load, name))]))
    summary.processes[load] = Object.fromEntries(variants.map(({ name }) => [name, medians(of(load, name))]))
    for (const { subject, opponent, suffix } of COMPARED) {
      if (!measured.has(subject) || !measured.has(opponent)) continue
      const ratio = pairedRatio(ratesOf(load, subject), ratesOf(load, opponent))
      const key = `${load}_${suffix}`
      summary.comparisons.push({ subject, opponent, load, key, ratio })
      summary.ratios[key] = Number(ratio.median.toFixed(3))
    }
  }
  return summary
}

/**
 * Medians over the rounds of what the forwarding process did; empty if there is none.
 *
 * @param {readonly import('./forward.mjs').Sample[]} samples
 */
function medians(samples) {
  const observations = samples.flatMap((sample) => (sample.process ? [sample.process] : []))
  const names = Object.keys(observations[0] ?? {})
  return Object.fromEntries(
    names.map((name) => [
      name,
      median(observations.map((each) => each[/** @type {keyof typeof each} */ (name)])),
    ]),
  )
}
