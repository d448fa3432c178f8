import { firstByte } from './fast-open/first-byte.mjs'
import { buildLab as buildPath, removeLab as removePath } from './fast-open/path.mjs'
import { cNoCookie, fastCookie, fastNoCookie, plain } from './fast-open/variants.mjs'
import { buildLab, removeLab } from './lab.mjs'
import { scenarioLoad } from './scenario-load.mjs'
import { KINDS, SHARING, SINGLE, SLICES } from './scenarios.mjs'
import { c, cExplicit, cThreads, functions, python, slice } from './variants.mjs'

/**
 * Loads, and who is measured under all of them.
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly import('./scenarios.mjs').Scenario[]} scenarios Of which the loads are made; none for `fast-open`.
 * @property {readonly import('../harness/loads/load.mjs').Load[]} loads
 * @property {readonly import('../harness/variant.mjs').Variant[]} variants
 * @property {() => Promise<void>} buildLab
 * @property {() => Promise<void>} removeLab
 */

/** @type {readonly Part[]} */
export const PARTS = [
  local('single', [SINGLE], [functions, c, cThreads, python]),
  local('sharing', SHARING, [functions, c, cExplicit, python]),
  local('kinds', KINDS, [functions, c, python]),
  local('slices', SLICES, [slice, c]),
  {
    name: 'fast-open',
    scenarios: [],
    loads: [firstByte],
    variants: [plain, fastNoCookie, fastCookie, cNoCookie],
    buildLab: buildPath,
    removeLab: removePath,
  },
]

/**
 * @param {string} name
 * @param {readonly import('./scenarios.mjs').Scenario[]} scenarios
 * @param {Part['variants']} variants
 * @returns {Part}
 */
function local(name, scenarios, variants) {
  return { name, scenarios, loads: scenarios.map(scenarioLoad), variants, buildLab, removeLab }
}
