import { describe, expect, test } from 'vitest'
import { WaitGroup } from '../src/index.js'
import { stateOf, turn } from './promise-state.js'
import { runCase } from './run-case.js'

const fail = (message: string) => () => Promise.reject(new Error(message))

describe('a child', () => {
  test('counts in its parents', async () => {
    const group = new WaitGroup({ name: 'server' })
    const child = group.child('http')
    const grandchild = child.child('uploads')
    expect(grandchild.name).toBe('server/http/uploads')
    grandchild.add(2)
    child.add()
    expect([group.size, child.size, grandchild.size]).toEqual([3, 3, 2])
    const [outer, inner] = [group.wait(), grandchild.wait()]
    grandchild.done(2)
    await inner
    expect(await stateOf(outer)).toBe('pending')
    child.done()
    await outer
  })

  test('does not wait for its parent and its siblings', async () => {
    const group = new WaitGroup()
    group.add()
    group.child('busy').add()
    await group.child('idle').wait()
  })

  test('without a named parent begins the path', () => {
    expect(new WaitGroup().child('http').name).toBe('http')
  })

  test('is used again after it was empty', async () => {
    const group = new WaitGroup()
    const child = group.child('child')
    for (let round = 0; round < 3; round += 1) {
      child.add()
      const waiting = group.wait()
      expect(await stateOf(waiting)).toBe('pending')
      child.done()
      await waiting
    }
  })

  test('needs a name', () => {
    const group = new WaitGroup()
    expect(() => group.child(undefined as never)).toThrow(TypeError)
    expect(() => group.child('')).toThrow(RangeError)
    expect(() => group.child('child', { name: 'other' } as never)).toThrow(RangeError)
  })
})

describe('the signal of a child', () => {
  test('aborts with that of its parents, and not the other way round', () => {
    const group = new WaitGroup()
    const child = group.child('child')
    const grandchild = child.child('grandchild')
    const { signal } = grandchild
    child.abort('enough')
    expect(signal.reason).toBe('enough')
    expect(group.signal.aborted).toBe(false)
    expect(child.child('late').signal.aborted).toBe(true)
  })

  test('aborts with the signal of its options, and that of the parent too', () => {
    const [one, two] = [new AbortController(), new AbortController()]
    const group = new WaitGroup({ signal: one.signal })
    const options = { signal: two.signal }
    const [a, b] = [group.child('a', options), group.child('b')]
    const signals = [group.signal, a.signal, b.signal]
    two.abort()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true, false])
    one.abort()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    expect(new WaitGroup({ signal: one.signal }).signal.aborted).toBe(true)
  })
})

describe('errors in a child', () => {
  test("are its parent's, and so stop its siblings", async () => {
    const group = new WaitGroup({ errors: 'first' })
    const [one, other] = [group.child('one'), group.child('other')]
    const { signal } = other
    one.go(fail('in a child'))
    await one.wait()
    await expect(group.wait()).rejects.toThrow('in a child')
    expect(signal.aborted).toBe(true)
    expect([group.failed, one.failed, other.failed]).toEqual([1, 1, 0])
  })

  test('are its own if it says what is to become of them', async () => {
    const group = new WaitGroup({ errors: 'first' })
    const child = group.child('child', { errors: 'collect' })
    child.go(fail('in a child'))
    await expect(child.wait()).rejects.toMatchObject({ message: '1 failed in child' })
    await group.wait()
    expect(group.signal.aborted).toBe(false)
    expect(group.failed).toBe(1)
  })

  test('are told the onError that is nearest', async () => {
    const told: string[] = []
    const group = new WaitGroup({ onError: () => told.push('group') })
    group.child('a').go(fail('one'))
    group.child('b', { onError: () => told.push('child') }).go(fail('two'))
    await turn()
    expect(told).toEqual(['group', 'child'])
  })
})

test('a signal aborts also when its group is gone, as work may have nothing but the signal', async () => {
  expect(await runCase('signals')).toEqual(Array(4).fill('stop'))
})
