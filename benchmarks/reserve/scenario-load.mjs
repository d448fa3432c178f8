import { output } from '../harness/commands.mjs'
import { inside } from '../harness/namespaces.mjs'
import { FORWARDER_CORE, SENDER_CORE } from '../harness/placement.mjs'
import { sideOnStage } from '../harness/stage.mjs'
import { LAB } from './lab.mjs'
import { argumentsOf } from './scenarios.mjs'

/** In words, printed with the figures. */
export const PLACEMENT = `every side on core ${FORWARDER_CORE}, with all its threads; of Fast Open the path there, the client on core ${SENDER_CORE}`

/** What the sides need before and after the time that is measured. */
const SLACK_MS = 30_000

/**
 * A scenario as a load: one process of the side on the stage goes through it for some seconds.
 *
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @returns {import('../harness/loads/load.mjs').Load}
 */
export function scenarioLoad(scenario) {
  const { name, title, refused, count, prefill } = scenario
  const each = refused ? `${count} refusals a pass` : `${count} reservations a pass`
  return {
    name,
    title,
    conditions: `${each}, ${prefill} held all the time`,
    unit: `k ${refused ? 'refusals' : 'reservations'}/s`,
    scale: 1e3,
    digits: 1,
    async run({ seconds }) {
      const words = argumentsOf(scenario, { milliseconds: seconds * 1000 })
      const command = inside(LAB.host, sideOnStage()(words), FORWARDER_CORE)
      const details = JSON.parse(await output(command, { timeoutMs: seconds * 1000 + SLACK_MS }))
      if (!(details.reserveMicros > 0)) throw new Error('nothing was reserved')
      return { rate: 1e6 / details.reserveMicros, details }
    },
  }
}

const RELEASE = '_release'

/** @param {import('./scenarios.mjs').Scenario} scenario */
export const releaseOf = ({ name }) => name + RELEASE

/**
 * The samples, and behind them those of the releases, which are measured in the same passes, as loads of their own.
 *
 * @param {readonly import('../harness/rounds.mjs').Sample[]} samples
 * @returns {import('../harness/rounds.mjs').Sample[]}
 */
export function withReleases(samples) {
  const releases = samples.flatMap(({ load, variant, round, details: { releaseMicros } }) =>
    releaseMicros ? [{ load: load + RELEASE, variant, round, rate: 1e6 / releaseMicros, details: {} }] : [],
  )
  return [...samples, ...releases]
}
