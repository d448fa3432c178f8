import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Guard, WaitGroup } from '../src/index.js'
import { type Deferred, defer, turn } from './promise-state.js'

// Any order of calls on a group, its child and its grandchild, against a model that has nothing but a list of what is in
// flight: after each step the sizes are the same, and exactly the waits are over that the model says are.

const GROUPS = 3

type Step =
  | { do: 'add' | 'done'; group: number; n: number }
  | { do: 'guard' | 'track' | 'close'; group: number }
  | { do: 'end'; which: number; again: boolean; fails: boolean }
  | { do: 'wait'; group: number; addsAfterwards: boolean }
  | { do: 'settled'; group: number }
  | { do: 'giveUp'; which: number }

const group = fc.nat(GROUPS - 1)
const which = fc.nat(9)
const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 9)
const call = <const Name extends Step['do']>(...names: Name[]) => fc.constantFrom(...names)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: call('add', 'done'), group, n: fc.nat(2) }) },
    { weight: 8, arbitrary: fc.record({ do: call('guard', 'track'), group }) },
    { weight: 8, arbitrary: fc.record({ do: call('end'), which, again: rarely, fails: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: call('wait'), group, addsAfterwards: fc.boolean() }) },
    { weight: 6, arbitrary: fc.record({ do: call('settled'), group }) },
    { weight: 6, arbitrary: fc.record({ do: call('giveUp'), which }) },
    { weight: 1, arbitrary: fc.record({ do: call('close'), group }) },
  ),
  { maxLength: 60, size: 'max' },
)

interface ModelWait {
  group: number
  addsAfterwards: boolean
  /** Of settled(): what it waits for, and the groups whose add() it found above zero. */
  settles?: { work: Set<ModelWork>; adds: Set<number> }
  state: 'pending' | 'over' | 'given up'
}

interface ModelWork {
  group: number
}

/** Group 0 is the parent of 1, and 1 of 2. */
class Model {
  readonly adds = Array(GROUPS).fill(0) as number[]
  readonly work = new Set<ModelWork>()
  readonly waits: ModelWait[] = []
  openUntil = GROUPS

  constructor(readonly waitUntil: 'empty' | 'closed') {}

  size(group: number): number {
    let size = 0
    for (let each = group; each < GROUPS; each += 1) size += this.adds[each]!
    for (const { group: each } of this.work) if (each >= group) size += 1
    return size
  }

  isClosed(group: number): boolean {
    return group >= this.openUntil
  }

  wait(group: number, addsAfterwards: boolean): void {
    this.waits.push({ group, addsAfterwards, state: 'pending' })
  }

  settled(group: number): void {
    const work = new Set([...this.work].filter((each) => each.group >= group))
    const adds = new Set<number>()
    for (let each = group; each < GROUPS; each += 1) if (this.adds[each]! > 0) adds.add(each)
    this.waits.push({ group, addsAfterwards: false, settles: { work, adds }, state: 'pending' })
  }

  /** Ends what is over at this moment, and only then lets those that waited add. */
  look(): void {
    const over = this.waits.filter((wait) => wait.state === 'pending' && this.#isOver(wait))
    for (const wait of over) wait.state = 'over'
    for (const { group, addsAfterwards } of over) {
      if (addsAfterwards && !this.isClosed(group)) this.adds[group]! += 1
    }
  }

  #isOver({ group, settles }: ModelWait): boolean {
    if (settles === undefined) {
      return this.size(group) === 0 && (this.waitUntil === 'empty' || this.isClosed(group))
    }
    for (const each of settles.work) if (!this.work.has(each)) settles.work.delete(each)
    for (const each of settles.adds) if (this.adds[each] === 0) settles.adds.delete(each)
    return settles.work.size + settles.adds.size === 0
  }
}

class Real {
  readonly groups: WaitGroup[]
  readonly work: (Guard | Deferred)[] = []
  readonly waits: { state: ModelWait['state']; controller: AbortController }[] = []

  constructor(waitUntil: 'empty' | 'closed') {
    const root = new WaitGroup({ waitUntil })
    const child = root.child('child', { waitUntil })
    this.groups = [root, child, child.child('grandchild', { waitUntil })]
  }

  wait(group: WaitGroup, method: 'wait' | 'settled', addsAfterwards: boolean): void {
    const controller = new AbortController()
    const wait: Real['waits'][number] = { state: 'pending', controller }
    this.waits.push(wait)
    group[method]({ signal: controller.signal }).then(
      () => {
        wait.state = 'over'
        if (addsAfterwards && !group.closed) group.add()
      },
      () => {
        wait.state = 'given up'
      },
    )
  }
}

test.each(['empty', 'closed'] as const)(
  'a group behaves as its model does, waitUntil: %s',
  async (waitUntil) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const [model, real] = [new Model(waitUntil), new Real(waitUntil)]
        const modelWork: ModelWork[] = []
        for (const each of all) {
          take(each, model, real, modelWork)
          model.look()
          await turn()
          expect(real.groups.map(({ size }) => size)).toEqual(
            real.groups.map((_, index) => model.size(index)),
          )
          expect(real.groups.map(({ closed }) => closed)).toEqual(
            real.groups.map((_, index) => model.isClosed(index)),
          )
          expect(real.waits.map(({ state }) => state)).toEqual(model.waits.map(({ state }) => state))
        }
        for (const work of real.work) if ('done' in work) work.done()
      }),
      { numRuns: 300 },
    )
  },
)

function take(step: Step, model: Model, real: Real, modelWork: ModelWork[]): void {
  switch (step.do) {
    case 'add':
    case 'done': {
      const { group, n } = step
      const refused = step.do === 'add' ? model.isClosed(group) : model.adds[group]! < n
      if (!refused) model.adds[group]! += step.do === 'add' ? n : -n
      const code = step.do === 'add' ? 'ERR_WAITGROUP_CLOSED' : 'ERR_WAITGROUP_NEGATIVE'
      expectRefusal(refused ? code : undefined, () => real.groups[group]![step.do](n))
      return
    }
    case 'guard':
    case 'track': {
      const { group } = step
      const refused = model.isClosed(group)
      expectRefusal(refused ? 'ERR_WAITGROUP_CLOSED' : undefined, () => {
        const deferred = defer()
        if (step.do === 'guard') real.work.push(real.groups[group]!.guard())
        else {
          real.groups[group]!.track(deferred.promise)
          real.work.push(deferred)
        }
        const work = { group }
        modelWork.push(work)
        model.work.add(work)
      })
      return
    }
    case 'close':
      model.openUntil = Math.min(model.openUntil, step.group)
      real.groups[step.group]!.close()
      return
    case 'end': {
      const living = modelWork.filter((each) => step.again || model.work.has(each))
      const modelled = living[step.which % Math.max(1, living.length)]
      const work = modelled && real.work[modelWork.indexOf(modelled)]
      if (modelled === undefined || work === undefined) return
      // Perhaps for the second time, which is harmless.
      model.work.delete(modelled)
      if ('done' in work) work.done()
      else if (step.fails) work.reject(new Error('failed'))
      else work.resolve()
      return
    }
    case 'wait':
      model.wait(step.group, step.addsAfterwards)
      real.wait(real.groups[step.group]!, 'wait', step.addsAfterwards)
      return
    case 'settled':
      model.settled(step.group)
      real.wait(real.groups[step.group]!, 'settled', false)
      return
    case 'giveUp': {
      const pending = model.waits.filter(({ state }) => state === 'pending')
      const wait = pending[step.which % Math.max(1, pending.length)]
      if (wait === undefined) return
      wait.state = 'given up'
      real.waits[model.waits.indexOf(wait)]?.controller.abort()
    }
  }
}

function expectRefusal(code: string | undefined, call: () => void): void {
  let thrown: unknown
  try {
    call()
  } catch (error) {
    thrown = error
  }
  expect((thrown as { code?: string } | undefined)?.code).toBe(code)
}
