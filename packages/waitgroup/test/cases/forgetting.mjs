// Guards that nobody keeps: node --expose-gc forgetting.mjs SCENARIO
import { setImmediate } from 'node:timers/promises'
import { WaitGroup } from '@slatfatf/waitgroup'
import { collect, tell } from './program.mjs'

const warnings = []
process.on('warning', ({ name, code, message, detail }) => warnings.push({ name, code, message, detail }))

class Upload {
  start(group) {
    this.guard = group.guard('upload')
  }
}

const scenarios = {
  alone: (group) => {
    group.guard('alone')
  },
  /** The frame of start() has the object that has the guard. */
  'inside an object': (group) => new Upload().start(group),
  many: (group) => {
    for (let i = 0; i < 1500; i += 1) group.guard(`job-${i}`)
  },
  done: (group) => group.guard('done').done(),
  kept: (group) => {
    globalThis.kept = group.guard('kept')
  },
  'with its group': () => {
    new WaitGroup({ name: 'gone' }).guard('both')
  },
}

const group = new WaitGroup({ name: 'server' })
scenarios[process.argv[2]](group)
const { size: before } = group
await collect()
if (process.argv[2] !== 'kept') await group.wait()
while (process.argv[3] === 'warns' && warnings.length === 0) await setImmediate()
await setImmediate()
tell({ before, after: group.size, warnings })
