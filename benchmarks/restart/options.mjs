import { parseArgs } from 'node:util'
import { VARIANTS } from './variants.mjs'

const NAMES = VARIANTS.map(({ name }) => name).join(',')

export const USAGE = `Usage: node benchmarks/run.mjs restart [options]

  --rounds N        rounds; in each, every variant is hammered once (default 3)
  --clients N       keep-alive clients (default 20)
  --restarts N      restarts while they talk (default 8)
  --interval MS     from one restart to the next (default 800)
  --variants LIST   some of ${NAMES} (default all)`

/** @param {readonly string[]} args */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      clients: { type: 'string', default: '20' },
      restarts: { type: 'string', default: '8' },
      interval: { type: 'string', default: '800' },
      variants: { type: 'string', default: NAMES },
    },
  })
  const variants = [...new Set(values.variants.split(','))].map((name) => {
    const variant = VARIANTS.find((each) => each.name === name)
    if (variant === undefined) throw new RangeError(`there is no variant ${name}`)
    return variant
  })
  return {
    variants,
    rounds: wholeNumber('rounds', values.rounds, 20),
    clients: wholeNumber('clients', values.clients, 200),
    restarts: wholeNumber('restarts', values.restarts, 50),
    intervalMs: wholeNumber('interval', values.interval, 10_000),
  }
}

/** @param {string} name @param {string} text @param {number} most */
function wholeNumber(name, text, most) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new RangeError(`--${name} takes a whole number from 1 to ${most}, not ${text}`)
}
