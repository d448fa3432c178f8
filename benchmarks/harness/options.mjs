/** @typedef {import('./variant.mjs').Variant} Variant */

/**
 * The options that every benchmark of variants has, for `parseArgs`.
 *
 * @param {readonly Variant[]} variants
 * @param {{ seconds: number }} defaults
 */
export function roundOptions(variants, { seconds }) {
  return {
    rounds: /** @type {const} */ ({ type: 'string', default: '5' }),
    seconds: /** @type {const} */ ({ type: 'string', default: String(seconds) }),
    variants: /** @type {const} */ ({ type: 'string', default: variants.map(({ name }) => name).join(',') }),
  }
}

/**
 * What they say.
 *
 * @param {readonly Variant[]} variants
 * @param {{ seconds: number }} defaults
 */
export function roundUsage(variants, { seconds }) {
  return `  --rounds N        rounds; in each, every variant carries every load once (default 5)
  --seconds S       seconds that each load is measured (default ${seconds})
  --variants LIST   some of ${variants.map(({ name }) => name).join(',')} (default all)`
}

/**
 * Their values, checked.
 *
 * @param {{ rounds: string, seconds: string, variants: string }} values
 * @param {readonly Variant[]} variants
 * @returns {{ rounds: number, seconds: number, variants: Variant[] }}
 */
export function readRoundOptions(values, variants) {
  const chosen = [...new Set(values.variants.split(','))].map((name) => {
    const variant = variants.find((each) => each.name === name)
    if (variant === undefined) throw new RangeError(`there is no variant ${name}`)
    return variant
  })
  return {
    rounds: wholeNumber('rounds', values.rounds, 100),
    seconds: wholeNumber('seconds', values.seconds, 60),
    variants: chosen,
  }
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} most
 */
function wholeNumber(name, text, most) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new RangeError(`--${name} takes a whole number from 1 to ${most}, not ${text}`)
}
