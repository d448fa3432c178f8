import { expect, test } from 'vitest'
import { runCase } from './run-case.js'

test.each([
  'add',
  'go',
  'track',
  'guard',
  'wait with a signal',
  'children that are dropped',
  'children with a wait',
  'groups that follow one signal',
  'settled() that is given up',
])(
  'the heap is flat: %s',
  async (scenario) => {
    const { perTask } = await runCase<{ perTask: number }>('memory', scenario)
    // What one leaves behind is at least an object.
    expect(perTask).toBeLessThan(16)
  },
  120_000,
)
