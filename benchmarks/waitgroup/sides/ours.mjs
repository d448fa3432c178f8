import { WaitGroup } from '@slatfatf/waitgroup'

/** @returns {Promise<import('./side.mjs').Side>} */
export async function createSide() {
  const group = new WaitGroup()
  return {
    count(count) {
      for (let i = 0; i < count; i += 1) group.add()
      const waiting = group.wait()
      for (let i = 0; i < count; i += 1) group.done()
      return waiting
    },
    guard(count) {
      const guards = Array.from({ length: count }, () => group.guard())
      const waiting = group.wait()
      for (const guard of guards) guard.done()
      return waiting
    },
    go(work, count) {
      for (let i = 0; i < count; i += 1) group.go(work)
      return group.wait()
    },
    track(work, count) {
      for (let i = 0; i < count; i += 1) group.track(work())
      return group.wait()
    },
  }
}
