import { join } from 'node:path'
import { enterStage, leaveStage } from '../harness/stage.mjs'
import { findNpmPackages, JPWILLIAMS, P_QUEUE } from './npm-package.mjs'

/** @typedef {import('../harness/variant.mjs').Variant} Variant */

const PROGRAM = join(import.meta.dirname, 'run-side.mjs')
const npm = await findNpmPackages()
const fromNpm = async () => npm.missing

export const ours = variant({
  name: 'ours',
  title: '@slatfatf/waitgroup',
  does: 'one group: add() and done(), guard() and done(), go(), track(); wait()',
})

export const allSettled = variant({
  name: 'all-settled',
  title: 'Promise.allSettled',
  does: 'an array of the promises, and Promise.allSettled of it',
})

export const pQueue = variant({
  name: 'p-queue',
  title: `npm's ${P_QUEUE}`,
  does: 'one queue without a limit: add() and onIdle()',
  missing: fromNpm,
})

export const jpwilliams = variant({
  name: 'jpwilliams',
  title: `npm's ${JPWILLIAMS}`,
  does: 'one group: add() and done(); of a promise then(done, done); wait()',
  missing: fromNpm,
})

/**
 * @param {object} options
 * @param {string} options.name Also of its file in sides/.
 * @param {string} options.title
 * @param {string} options.does
 * @param {() => Promise<string | undefined>} [options.missing]
 * @returns {Variant}
 */
function variant({ name, title, does, missing }) {
  return {
    name,
    title,
    rules: [does],
    ...(missing && { missing }),
    async start() {
      enterStage((words) => [process.execPath, '--expose-gc', PROGRAM, name, npm.folder, ...words])
      return { stop: async () => leaveStage() }
    },
  }
}
