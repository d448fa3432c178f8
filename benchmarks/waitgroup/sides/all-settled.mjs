/** @returns {Promise<import('./side.mjs').Side>} */
export async function createSide() {
  /**
   * @param {() => Promise<void>} work
   * @param {number} count
   */
  const run = (work, count) => {
    const promises = []
    for (let i = 0; i < count; i += 1) promises.push(work())
    return Promise.allSettled(promises)
  }
  return { go: run, track: run }
}
