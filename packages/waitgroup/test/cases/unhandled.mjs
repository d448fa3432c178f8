// Failures that nobody takes, in a process that ends at the first unhandled rejection.
import { setImmediate } from 'node:timers/promises'
import { WaitGroup } from '@slatfatf/waitgroup'
import { tell } from './program.mjs'

let failed = 0
for (const errors of ['ignore', 'collect', 'first']) {
  const group = new WaitGroup({ errors })
  const child = group.child('child')
  for (const each of [group, child]) {
    each.go(() => {
      throw new Error('at once')
    })
    each.go(() => Promise.reject(new Error('later')))
    each.go(async () => {
      await setImmediate()
      throw new Error('much later')
    })
    each.track(Promise.reject(new Error('tracked')))
  }
  await group.settled()
  failed += group.failed
}
await setImmediate()

// What a listener throws is not lost, and harms nobody.
const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
const group = new WaitGroup({
  onError() {
    throw new Error('the listener')
  },
})
group.go(() => Promise.reject(new Error('later')))
await group.wait()
tell({ failed, thrown: (await thrown).message })
