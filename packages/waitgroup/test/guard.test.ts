import { describe, expect, test } from 'vitest'
import { WaitGroup } from '../src/index.js'
import { stateOf } from './promise-state.js'

describe('a guard', () => {
  test('counts until it is done', async () => {
    const group = new WaitGroup()
    const guard = group.guard('upload')
    expect(guard).toMatchObject({ name: 'upload', isDone: false })
    const waiting = group.wait()
    expect(await stateOf(waiting)).toBe('pending')
    guard.done()
    expect(guard.isDone).toBe(true)
    await waiting
  })

  test('that is done twice has counted once', () => {
    const group = new WaitGroup()
    const guard = group.guard()
    const other = group.guard()
    guard.done()
    guard.done()
    guard[Symbol.dispose]()
    expect(group.size).toBe(1)
    other.done()
  })

  test('is done at the end of its scope', () => {
    const group = new WaitGroup()
    {
      using _guard = group.guard()
      expect(group.size).toBe(1)
    }
    expect(group.size).toBe(0)
  })

  test('is done when its scope ends with an error', () => {
    const group = new WaitGroup()
    expect(() => {
      using _guard = group.guard()
      throw new Error('failed')
    }).toThrow('failed')
    expect(group.size).toBe(0)
  })
})

describe('tryGuard()', () => {
  test('is null after close(), also of a parent', () => {
    const group = new WaitGroup()
    const child = group.child('child')
    const guard = child.tryGuard('late')
    expect(guard?.name).toBe('late')
    group.close()
    expect(child.tryGuard()).toBeNull()
    expect(group.tryGuard()).toBeNull()
    expect(group.size).toBe(1)
    guard?.done()
  })

  test('can stand in a scope as it is', () => {
    const group = new WaitGroup()
    group.close()
    {
      using guard = group.tryGuard()
      expect(guard).toBeNull()
    }
  })
})
