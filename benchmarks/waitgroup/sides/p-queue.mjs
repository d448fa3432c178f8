import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * @param {string} folder Where npm has put it.
 * @returns {Promise<import('./side.mjs').Side>}
 */
export async function createSide(folder) {
  const entry = join(folder, 'node_modules/p-queue/dist/index.js')
  const { default: PQueue } = await import(pathToFileURL(entry).href)
  const queue = new PQueue()
  return {
    go(work, count) {
      for (let i = 0; i < count; i += 1) queue.add(work)
      return queue.onIdle()
    },
    track(work, count) {
      for (let i = 0; i < count; i += 1) {
        const promise = work()
        queue.add(() => promise)
      }
      return queue.onIdle()
    },
  }
}
