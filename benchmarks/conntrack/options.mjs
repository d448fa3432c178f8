import { parseArgs } from 'node:util'
import { readRoundOptions, roundOptions, roundUsage } from '../harness/options.mjs'
import { PARTS } from './parts.mjs'

const VARIANTS = [...new Set(PARTS.flatMap(({ variants }) => variants))]
const DEFAULTS = { seconds: 1 }
const NAMES = PARTS.map(({ name }) => name).join(',')

export const USAGE = `Usage: node benchmarks/run.mjs conntrack [options]

${roundUsage(VARIANTS, DEFAULTS)}
  --parts LIST      some of ${NAMES} (default all)
  --no-memory       do not look at memory after the rounds`

/** @param {readonly string[]} args */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      ...roundOptions(VARIANTS, DEFAULTS),
      parts: { type: 'string', default: NAMES },
      memory: { type: 'boolean', default: true },
    },
  })
  const wanted = values.parts.split(',')
  for (const name of wanted) {
    if (!PARTS.some((part) => part.name === name)) throw new RangeError(`there is no part ${name}`)
  }
  const parts = PARTS.filter(({ name }) => wanted.includes(name))
  return { ...readRoundOptions(values, VARIANTS), parts, memory: values.memory }
}
