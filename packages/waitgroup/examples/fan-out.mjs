// Does three things at once, and goes on when all are done.
//   node fan-out.mjs
import { setTimeout as delay } from 'node:timers/promises'
import { WaitGroup } from '@slatfatf/waitgroup'

async function work(id) {
  await delay(10 * id)
  console.log(`${id} is done`)
}

const group = new WaitGroup()
for (const id of [3, 2, 1]) group.go(() => work(id))
await group.wait()
console.log('all are done')
