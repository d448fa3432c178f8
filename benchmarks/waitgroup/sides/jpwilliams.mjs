import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * @param {string} folder Where npm has put it.
 * @returns {Promise<import('./side.mjs').Side>}
 */
export async function createSide(folder) {
  const { WaitGroup } = createRequire(join(folder, 'package.json'))('@jpwilliams/waitgroup')
  const group = new WaitGroup()
  const done = () => group.done()
  /**
   * @param {() => Promise<void>} work
   * @param {number} count
   */
  const run = (work, count) => {
    for (let i = 0; i < count; i += 1) {
      group.add()
      work().then(done, done)
    }
    return group.wait()
  }
  return {
    count(count) {
      for (let i = 0; i < count; i += 1) group.add()
      const waiting = group.wait()
      for (let i = 0; i < count; i += 1) group.done()
      return waiting
    },
    go: run,
    track: run,
  }
}
