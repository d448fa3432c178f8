import { ENTRY_COUNT, fillTable } from './lab.mjs'
import { runSide } from './side-load.mjs'

/** @typedef {import('../harness/loads/load.mjs').Load} Load */

/** @type {readonly Load[]} The longest time that the event loop did not turn, in milliseconds: the less, the better. */
export const STALL_LOADS = [
  stallLoad('stall_idle', 'event loop, nothing to do', 'idle'),
  stallLoad('stall_dump', 'event loop while dumping', 'stall-dump'),
  stallLoad('stall_create', 'event loop while creating', 'stall-create'),
]

/**
 * @param {string} name
 * @param {string} title
 * @param {string} verb
 * @returns {Load}
 */
function stallLoad(name, title, verb) {
  return {
    name,
    title,
    conditions: `longest time between two turns of a timer of 1 ms; ${ENTRY_COUNT.toLocaleString('en')} entries a pass`,
    unit: 'ms',
    scale: 1,
    digits: 1,
    async run({ seconds }) {
      if (verb === 'stall-dump') await fillTable(ENTRY_COUNT)
      const { maxMs = Number.NaN, p99Ms = Number.NaN } = await runSide(verb, ENTRY_COUNT, seconds)
      if (!(maxMs > 0)) throw new Error('the event loop was not watched')
      return { rate: maxMs, details: { maxMs, p99Ms } }
    },
  }
}
