// The first failure stops the rest, and is what the wait tells, once nothing runs any more.
//   node first-error.mjs
import { setTimeout as delay } from 'node:timers/promises'
import { WaitGroup } from '@slatfatf/waitgroup'

const group = new WaitGroup({
  errors: 'first',
  onError: (error, { name }) => console.log(`${name}: ${error.message}`),
})
const copy = async (signal) => {
  await delay(60_000, undefined, { signal })
}
group.go(copy, 'copy to a')
group.go(copy, 'copy to b')
group.go(async () => {
  throw new Error('disk full')
}, 'copy to c')

try {
  await group.wait()
} catch (error) {
  console.log(`not copied: ${error.message}; ${group.size} still run`)
}
