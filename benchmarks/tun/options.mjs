import { parseArgs } from 'node:util'
import { readRoundOptions, roundOptions, roundUsage } from '../harness/options.mjs'
import { cOff, cRaw } from './variants/c-reference.mjs'
import { npm } from './variants/npm.mjs'
import { readsync } from './variants/readsync.mjs'
import { oursOff, oursRaw, oursSplit } from './variants/slatfatf-tun.mjs'
import { wireguardGo } from './variants/wireguard-go.mjs'

/** Those that are compared stand side by side, so that little time lies between them. */
const VARIANTS = [oursOff, cOff, oursRaw, cRaw, oursSplit, readsync, npm, wireguardGo]
const DEFAULTS = { seconds: 2 }

export const USAGE = `Usage: node benchmarks/run.mjs tun [options]

${roundUsage(VARIANTS, DEFAULTS)}`

/** @param {readonly string[]} args */
export function parseOptions(args) {
  const { values } = parseArgs({ args: [...args], options: roundOptions(VARIANTS, DEFAULTS) })
  return readRoundOptions(values, VARIANTS)
}
