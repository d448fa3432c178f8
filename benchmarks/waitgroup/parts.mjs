import { FORWARDER_CORE } from '../harness/placement.mjs'
import { sideLoad } from './side-load.mjs'
import { allSettled, jpwilliams, ours, pQueue } from './variants.mjs'

/** In words, printed with the figures. */
export const PLACEMENT = `every side on core ${FORWARDER_CORE}, with all its threads`

/**
 * Loads, and who is measured under all of them.
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly import('../harness/variant.mjs').Variant[]} variants
 * @property {readonly import('../harness/loads/load.mjs').Load[]} loads
 */

/** @type {readonly Part[]} */
export const PARTS = [
  {
    name: 'count',
    variants: [ours, jpwilliams],
    loads: [sideLoad({ name: 'count', title: 'add() and done(), a pair', verb: 'count', batch: 1000 })],
  },
  {
    name: 'guard',
    variants: [ours],
    loads: [sideLoad({ name: 'guard', title: 'guard() and its done()', verb: 'guard', batch: 1000 })],
  },
  {
    name: 'tasks',
    variants: [ours, allSettled, pQueue, jpwilliams],
    loads: [
      sideLoad({ name: 'go', title: 'async functions that await once', verb: 'go', batch: 1000 }),
      sideLoad({ name: 'go_100k', title: 'the same, 100,000 in flight', verb: 'go', batch: 100_000 }),
      sideLoad({ name: 'track', title: 'promises of such functions', verb: 'track', batch: 1000 }),
    ],
  },
]
