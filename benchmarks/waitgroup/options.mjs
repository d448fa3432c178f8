import { parseArgs } from 'node:util'
import { readRoundOptions, roundOptions, roundUsage } from '../harness/options.mjs'
import { PARTS } from './parts.mjs'

const VARIANTS = [...new Set(PARTS.flatMap(({ variants }) => variants))]
const DEFAULTS = { seconds: 1 }
const NAMES = PARTS.map(({ name }) => name).join(',')
const MOST_TASKS = 1e9

export const USAGE = `Usage: node benchmarks/run.mjs waitgroup [options]

${roundUsage(VARIANTS, DEFAULTS)}
  --parts LIST      some of ${NAMES} (default all)
  --memory-tasks N  tasks of the look at memory after the rounds, 0 for none (default 10000000)`

/** @param {readonly string[]} args */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...roundOptions(VARIANTS, DEFAULTS),
      parts: { type: 'string', default: NAMES },
      'memory-tasks': { type: 'string', default: '10000000' },
    },
  })
  const wanted = values.parts.split(',')
  for (const name of wanted) {
    if (!PARTS.some((part) => part.name === name)) throw new RangeError(`there is no part ${name}`)
  }
  const memoryTasks = Number(values['memory-tasks'])
  if (!Number.isInteger(memoryTasks) || memoryTasks < 0 || memoryTasks > MOST_TASKS) {
    throw new RangeError(`--memory-tasks takes a whole number from 0 to ${MOST_TASKS}`)
  }
  const parts = PARTS.filter(({ name }) => wanted.includes(name))
  return { ...readRoundOptions(values, VARIANTS), parts, memoryTasks }
}
