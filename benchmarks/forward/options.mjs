import { parseArgs } from 'node:util'
import { fish } from './variants/fish.mjs'
import { reference } from './variants/reference.mjs'
import { snat } from './variants/snat.mjs'

const VARIANTS = [fish, snat, reference]

export const USAGE = `Usage: node benchmarks/run.mjs forward [options]

  --rounds N        rounds; in each, every variant carries every load once (default 5)
  --seconds S       seconds that each load is measured (default 3)
  --variants LIST   some of ${VARIANTS.map(({ name }) => name).join(',')} (default all)
  --no-strace       do not count system calls with strace after the rounds`

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} seconds
 * @property {import('./variants/variant.mjs').Variant[]} variants
 * @property {boolean} strace
 */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      variants: { type: 'string', default: VARIANTS.map(({ name }) => name).join(',') },
      strace: { type: 'boolean', default: true },
    },
  })
  const variants = [...new Set(values.variants.split(','))].map((name) => {
    const variant = VARIANTS.find((each) => each.name === name)
    if (variant === undefined) throw new RangeError(`there is no variant ${name}`)
    return variant
  })
  return {
    rounds: wholeNumber('rounds', values.rounds, 100),
    seconds: wholeNumber('seconds', values.seconds, 60),
    variants,
    strace: values.strace,
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
