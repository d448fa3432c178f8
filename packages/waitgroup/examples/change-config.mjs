// Gives up an old configuration when the last one who uses it is done, while new work goes on with the new one.
//   node change-config.mjs
import { setTimeout as delay } from 'node:timers/promises'
import { WaitGroup } from '@slatfatf/waitgroup'

const group = new WaitGroup()
let config = { name: 'old', open: true }

async function handle() {
  const mine = config
  await delay(20)
  if (!mine.open) throw new Error(`${mine.name} was closed too early`)
}
const timer = setInterval(() => group.go(handle), 1)
await delay(10)

const old = config
config = { name: 'new', open: true }
await group.settled()
old.open = false
console.log(`${old.name} is closed, ${group.size > 0 ? 'and work goes on' : 'and nothing runs'}`)

clearInterval(timer)
await group.wait()
console.log(`${group.failed} failed`)
