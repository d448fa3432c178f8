import { median, pairedRatio, spread } from './statistics.mjs'

/**
 * @typedef {import('./statistics.mjs').Spread} Spread
 * @typedef {{ key: string, load: string, subject: string, opponent: string }} Pair A ratio's name, and which variants are
 *   compared under which load.
 * @typedef {Pair & { ratio: Spread }} Comparison
 * @typedef {{ rates: Record<string, Record<string, Spread>>,
 *   processes: Record<string, Record<string, Record<string, number>>>,
 *   ratios: Record<string, number>, comparisons: Comparison[] }} Summary
 */

/**
 * @param {object} measured
 * @param {readonly import('./loads/load.mjs').Load[]} measured.loads
 * @param {readonly import('./variant.mjs').Variant[]} measured.variants
 * @param {readonly import('./rounds.mjs').Sample[]} measured.samples In the order of the rounds.
 * @param {readonly Pair[]} pairs Those with a variant that was not measured are left out.
 * @returns {Summary}
 */
export function summarize({ loads, variants, samples }, pairs) {
  const of = (/** @type {string} */ load, /** @type {string} */ variant) =>
    samples.filter((sample) => sample.load === load && sample.variant === variant)
  const ratesOf = (/** @type {string} */ load, /** @type {string} */ variant) =>
    of(load, variant).map(({ rate }) => rate)
  const measured = new Set(variants.map(({ name }) => name))

  /** @type {Summary} */
  const summary = { ratios: {}, comparisons: [], rates: {}, processes: {} }
  for (const { name: load } of loads) {
    summary.rates[load] = Object.fromEntries(variants.map(({ name }) => [name, spread(ratesOf(load, name))]))
    summary.processes[load] = Object.fromEntries(variants.map(({ name }) => [name, medians(of(load, name))]))
  }
  for (const pair of pairs) {
    const { key, load, subject, opponent } = pair
    if (!measured.has(subject) || !measured.has(opponent)) continue
    const ratio = pairedRatio(ratesOf(load, subject), ratesOf(load, opponent))
    summary.comparisons.push({ ...pair, ratio })
    summary.ratios[key] = Number(ratio.median.toFixed(3))
  }
  return summary
}

/**
 * Medians over the rounds of what the forwarding process did; empty if there is none.
 *
 * @param {readonly import('./rounds.mjs').Sample[]} samples
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
