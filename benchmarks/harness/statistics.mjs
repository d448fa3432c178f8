/**
 * The middle value, or the mean of the two in the middle.
 *
 * @param {readonly number[]} values At least one.
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [lower = Number.NaN, upper = lower] = sorted.slice(
    sorted.length % 2 === 1 ? middle : middle - 1,
    middle + 1,
  )
  return (lower + upper) / 2
}

/** @typedef {{ median: number, min: number, max: number }} Spread */

/**
 * @param {readonly number[]} values At least one.
 * @returns {Spread}
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * Ratio of two series measured in pairs: each round's own ratio, so that a drift of the machine between rounds cancels.
 *
 * @param {readonly number[]} subject
 * @param {readonly number[]} opponent One value for each of `subject`'s, of the same round.
 * @returns {Spread}
 */
export function pairedRatio(subject, opponent) {
  if (subject.length !== opponent.length) throw new Error('unpaired samples')
  return spread(subject.map((value, round) => value / /** @type {number} */ (opponent[round])))
}

/** Between these two a ratio is noise on the machines this was written on: ±10-15 %. */
export const EQUAL = { from: 0.87, to: 1.15 }

/**
 * @param {number} ratio
 * @returns {'slower' | 'equal' | 'faster'}
 */
export function verdict(ratio) {
  if (ratio < EQUAL.from) return 'slower'
  return ratio > EQUAL.to ? 'faster' : 'equal'
}
