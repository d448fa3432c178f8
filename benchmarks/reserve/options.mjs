import { parseArgs } from 'node:util'
import { readRoundOptions, roundOptions, roundUsage } from '../harness/options.mjs'
import { PARTS } from './parts.mjs'

const VARIANTS = [...new Set(PARTS.flatMap(({ variants }) => variants))]
const DEFAULTS = { seconds: 1 }
const NAMES = PARTS.map(({ name }) => name).join(',')

export const USAGE = `Usage: node benchmarks/run.mjs reserve [options]

${roundUsage(VARIANTS, DEFAULTS)}
  --parts LIST      some of ${NAMES} (default all)
  --no-strace       do not count system calls with strace after the rounds`

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} seconds
 * @property {import('../harness/variant.mjs').Variant[]} variants
 * @property {import('./parts.mjs').Part[]} parts
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
      ...roundOptions(VARIANTS, DEFAULTS),
      parts: { type: 'string', default: NAMES },
      strace: { type: 'boolean', default: true },
    },
  })
  const wanted = values.parts.split(',')
  for (const name of wanted) {
    if (!PARTS.some((part) => part.name === name)) throw new RangeError(`there is no part ${name}`)
  }
  const parts = PARTS.filter(({ name }) => wanted.includes(name))
  return { ...readRoundOptions(values, VARIANTS), parts, strace: values.strace }
}
