import { output } from '../harness/commands.mjs'
import { FORWARDER_CORE } from '../harness/placement.mjs'
import { sideOnStage } from '../harness/stage.mjs'

/** What a side needs besides the time that is measured. */
const SLACK_MS = 60_000

/**
 * Runs the side on the stage on a core of its own, and returns what it printed.
 *
 * @param {readonly (string | number)[]} words
 * @param {number} milliseconds
 * @returns {Promise<Record<string, number>>}
 */
export async function runSide(words, milliseconds) {
  const command = ['taskset', '--cpu-list', String(FORWARDER_CORE), ...sideOnStage()(words.map(String))]
  return JSON.parse(await output(command, { timeoutMs: milliseconds + SLACK_MS }))
}

/**
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {'count' | 'guard' | 'go' | 'track'} options.verb
 * @param {number} options.batch
 * @returns {import('../harness/loads/load.mjs').Load}
 */
export function sideLoad({ name, title, verb, batch }) {
  return {
    name,
    title,
    conditions: `passes of ${batch.toLocaleString('en')}, each waited for, with a turn of the event loop after it`,
    unit: 'million/s',
    scale: 1e6,
    digits: 2,
    async run({ seconds }) {
      const printed = await runSide([verb, batch, seconds * 1000], seconds * 1000)
      const { tasks = 0, milliseconds = 0, cpuMilliseconds = 0 } = printed
      if (!(tasks >= batch)) throw new Error('there was no whole pass')
      const nanoseconds = (milliseconds * 1e6) / tasks
      const cpuNanoseconds = (cpuMilliseconds * 1e6) / tasks
      return {
        rate: (tasks / milliseconds) * 1e3,
        details: { tasks, milliseconds, nanoseconds, cpuNanoseconds },
      }
    },
  }
}
