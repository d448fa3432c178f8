import { setTimeout as delay } from 'node:timers/promises'
import { output, startProgram } from '../harness/commands.mjs'
import { inside } from '../harness/namespaces.mjs'
import { compileNativeProgram } from '../harness/native-program.mjs'
import { FORWARDER_CORE, SENDER_CORE } from '../harness/placement.mjs'
import { sideOnStage } from '../harness/stage.mjs'
import { HOST } from './lab.mjs'

/** Where the search begins and ends, in events a second. */
const LEAST = 2000
const MOST = 640_000
/** Each step halves what is left between what was read and what was not, on a logarithmic scale: 5 % in the end. */
const STEPS = 7
/** A source that stays behind by more than this has reached its limit. */
const KEPT_PACE = 0.95
/** Time to read what still stands in the buffer. */
const DRAIN_MS = 500
const SLACK_MS = 10_000

/**
 * The highest rate at which a listener loses nothing; `LEAST` if it loses even there.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {number} options.receiveBufferBytes As the kernel counts: about 1,280 an event. The same for every listener.
 * @returns {import('../harness/loads/load.mjs').Load}
 */
export function eventLoad({ name, title, receiveBufferBytes }) {
  return {
    name,
    title,
    conditions: `entries made and deleted in bursts of 32, source on core ${SENDER_CORE}; buffer ${receiveBufferBytes >> 10} KiB; highest of ${STEPS} rates from ${LEAST} to ${MOST}`,
    unit: 'k events/s',
    scale: 1e3,
    digits: 1,
    async run({ seconds }) {
      let [without, withLoss] = [LEAST, MOST]
      let reached = 0
      let isSourceBound = 0
      for (let step = 0; step < STEPS; step += 1) {
        const rate = Math.sqrt(without * withLoss)
        const { sent, sentPerSecond, received, overruns } = await listen(rate, seconds, receiveBufferBytes)
        if (received === 0) throw new Error('nothing was received')
        if (overruns > 0 || received !== sent) {
          withLoss = rate
          continue
        }
        without = rate
        reached = Math.max(reached, sentPerSecond)
        isSourceBound = sentPerSecond < rate * KEPT_PACE ? 1 : 0
      }
      return { rate: Math.max(reached, LEAST), details: { isSourceBound, isBelow: reached === 0 ? 1 : 0 } }
    },
  }
}

/**
 * @param {number} rate
 * @param {number} seconds
 * @param {number} receiveBufferBytes
 */
async function listen(rate, seconds, receiveBufferBytes) {
  const source = await compileNativeProgram('conntrack-events')
  const words = ['listen', String(receiveBufferBytes), '0']
  const listener = await startProgram(inside(HOST, sideOnStage()(words), FORWARDER_CORE), {
    ready: 'ready\n',
  })
  try {
    const pace = [source, 'pace', String(Math.round(rate)), String(seconds * 1000)]
    const timeoutMs = seconds * 1000 + SLACK_MS
    const { events, milliseconds } = JSON.parse(await output(inside(HOST, pace, SENDER_CORE), { timeoutMs }))
    await delay(DRAIN_MS)
    const printed = await listener.stop()
    const counted = JSON.parse(printed.slice(printed.indexOf('{')))
    return {
      sent: events,
      sentPerSecond: (events / milliseconds) * 1e3,
      received: counted.events,
      overruns: counted.overruns,
    }
  } finally {
    await listener.stop()
  }
}
