import { output } from '../harness/commands.mjs'
import { inside } from '../harness/namespaces.mjs'
import { FORWARDER_CORE } from '../harness/placement.mjs'
import { sideOnStage } from '../harness/stage.mjs'
import { fillTable, HOST } from './lab.mjs'

/** What the sides need before and after the time that is measured. */
const SLACK_MS = 60_000

/** @typedef {import('../harness/loads/load.mjs').Load} Load */

/**
 * Runs the side on the stage, and returns what it printed.
 *
 * @param {string} verb
 * @param {number} count
 * @param {number} seconds
 * @returns {Promise<Record<string, number>>}
 */
export async function runSide(verb, count, seconds) {
  const words = [verb, String(count), String(seconds * 1000)]
  const command = inside(HOST, sideOnStage()(words), FORWARDER_CORE)
  return JSON.parse(await output(command, { timeoutMs: seconds * 1000 + SLACK_MS }))
}

/**
 * Entries a second, by one process of the side on the stage.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {string} options.verb
 * @param {number} options.count Entries a pass.
 * @param {boolean} [options.isFilled] The table has them before. Default: it is empty.
 * @returns {Load}
 */
export function sideLoad({ name, title, verb, count, isFilled = false }) {
  return {
    name,
    title,
    conditions: `passes of ${count.toLocaleString('en')} entries, ${isFilled ? 'which the table has before' : 'from and to an empty table'}`,
    unit: 'k entries/s',
    scale: 1e3,
    digits: 1,
    async run({ seconds }) {
      if (isFilled) await fillTable(count)
      const { entries = 0, milliseconds = 0, cpuMilliseconds = 0 } = await runSide(verb, count, seconds)
      if (!(entries >= count)) throw new Error('there was no whole pass')
      const cpuMicros = (cpuMilliseconds * 1e3) / entries
      return { rate: (entries / milliseconds) * 1e3, details: { entries, milliseconds, cpuMicros } }
    },
  }
}
