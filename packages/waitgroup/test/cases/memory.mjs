// How the heap grows: node --expose-gc memory.mjs SCENARIO. Prints the bytes for each piece of work, after it is over.
import { setImmediate } from 'node:timers/promises'
import { WaitGroup } from '@slatfatf/waitgroup'
import { heapBytes, tell } from './program.mjs'

const TASKS = 1_000_000
const BATCH = 1000

const group = new WaitGroup({ errors: 'first' })
const stuck = new WaitGroup()
globalThis.kept = stuck.guard('stuck')
const { signal } = new AbortController()
const nothing = async () => {}

const scenarios = {
  add: [TASKS, () => group.add(), () => group.done()],
  go: [TASKS, () => group.go(nothing)],
  track: [TASKS, () => group.track(nothing(), 'named')],
  guard: [TASKS / 4, () => group.guard().done()],
  'wait with a signal': [TASKS / 20, () => group.wait({ signal, timeoutMs: 60_000 })],
  'children that are dropped': [TASKS / 20, () => group.child('request').go(nothing)],
  'children with a wait': [
    TASKS / 20,
    () => group.child('request', { waitUntil: 'closed' }).wait({ timeoutMs: 0 }).catch(nothing),
  ],
  'groups that follow one signal': [TASKS / 20, () => new WaitGroup({ signal }).go(nothing)],
  'settled() that is given up': [
    TASKS / 20,
    () => {
      const giveUp = new AbortController()
      stuck.settled({ signal: giveUp.signal }).catch(nothing)
      stuck.guard().done()
      giveUp.abort()
    },
  ],
}

async function run(count, [, begin, end]) {
  for (let done = 0; done < count; done += BATCH) {
    for (let i = 0; i < BATCH; i += 1) begin()
    if (end) for (let i = 0; i < BATCH; i += 1) end()
    await setImmediate()
  }
  await group.wait()
}

const scenario = scenarios[process.argv[2]]
const [count] = scenario
const growth = []
// Compiled code and tables that have room for more are not the tasks': what a task leaves is left in each round.
for (let round = 0; round < 4; round += 1) {
  const before = await heapBytes()
  await run(count / 4, scenario)
  growth.push((await heapBytes()) - before)
}
tell({ perTask: Math.min(...growth) / (count / 4) })
