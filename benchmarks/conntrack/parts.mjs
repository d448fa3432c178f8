import { FORWARDER_CORE, SENDER_CORE } from '../harness/placement.mjs'
import { eventLoad } from './event-load.mjs'
import { ENTRY_COUNT } from './lab.mjs'
import { sideLoad } from './side-load.mjs'
import { STALL_LOADS } from './stall-loads.mjs'
import { c, cSingle, npm, ours, oursBytes, tool, toolId } from './variants.mjs'

/** In words, printed with the figures. */
export const PLACEMENT = `every side on core ${FORWARDER_CORE}, with all its threads; the source of events on core ${SENDER_CORE}`

/** The name of the large dump's load, whatever its size is here. */
export const LARGE = 'dump_large'

const LARGE_BUFFER_BYTES = 8 << 20
/** `net.core.rmem_default` unless somebody has changed it. What conntrack -E has: the -b of 1.4.7 does not reach its socket. */
const DEFAULT_BUFFER_BYTES = 212_992

/**
 * Loads, and who is measured under all of them. Those that are compared stand side by side, so that little time lies
 * between them.
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly import('../harness/variant.mjs').Variant[]} variants
 * @property {(limits: import('./lab.mjs').Limits) => readonly import('../harness/loads/load.mjs').Load[]} loads
 */

/** @type {readonly Part[]} */
export const PARTS = [
  {
    name: 'create',
    variants: [ours, c, cSingle, tool, npm],
    loads: () => [sideLoad({ name: 'create', title: 'create', verb: 'create', count: ENTRY_COUNT })],
  },
  {
    name: 'delete',
    variants: [ours, c, tool],
    loads: () => [sideLoad({ name: 'delete', title: 'delete', verb: 'delete', count: ENTRY_COUNT })],
  },
  {
    name: 'dump',
    variants: [ours, c, tool, toolId, oursBytes],
    loads: ({ largeEntries }) => [dump('dump', ENTRY_COUNT), dump(LARGE, largeEntries)],
  },
  {
    name: 'events',
    variants: [ours, c],
    loads: () => [
      eventLoad({ name: 'events', title: 'events without loss', receiveBufferBytes: LARGE_BUFFER_BYTES }),
    ],
  },
  {
    name: 'events-small',
    variants: [ours, c, tool],
    loads: () => [
      eventLoad({
        name: 'events_small',
        title: 'events without loss, small buffer',
        receiveBufferBytes: DEFAULT_BUFFER_BYTES,
      }),
    ],
  },
  { name: 'stall', variants: [ours], loads: () => STALL_LOADS },
]

/**
 * @param {string} name
 * @param {number} count
 */
function dump(name, count) {
  return sideLoad({ name, title: `dump of ${count / 1000} k`, verb: 'dump', count, isFilled: true })
}
