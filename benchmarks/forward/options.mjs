import { parseArgs } from 'node:util'
import { readRoundOptions, roundOptions, roundUsage } from '../harness/options.mjs'
import { fish } from './variants/fish.mjs'
import { reference } from './variants/reference.mjs'
import { snat } from './variants/snat.mjs'

const VARIANTS = [fish, snat, reference]
const DEFAULTS = { seconds: 3 }

export const USAGE = `Usage: node benchmarks/run.mjs forward [options]

${roundUsage(VARIANTS, DEFAULTS)}
  --no-strace       do not count system calls with strace after the rounds`

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} seconds
 * @property {import('../harness/variant.mjs').Variant[]} variants
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
    options: { ...roundOptions(VARIANTS, DEFAULTS), strace: { type: 'boolean', default: true } },
  })
  return { ...readRoundOptions(values, VARIANTS), strace: values.strace }
}
