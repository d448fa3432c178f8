import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { NamedPorts } from './named-ports.js'

const take = (port: number) => port

test('every port of the range is found exactly once, and then none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_000 }), fc.integer({ min: 1, max: 300 }), (first, size) => {
      const ports = new NamedPorts(first, first + size - 1)
      const found = Array.from({ length: size }, () => ports.search(take))
      expect(found.map(Number).sort((a, b) => a - b)).toEqual(
        Array.from({ length: size }, (_, i) => first + i),
      )
      expect(ports.search(take)).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

test('what is held here is never asked for, and what came back is', () => {
  const ports = new NamedPorts(9000, 9009)
  for (let i = 0; i < 10; i += 1) ports.search(take)
  ports.delete(9004)
  ports.delete(9004)
  const asked: number[] = []
  expect(ports.search((port) => asked.push(port) && port)).toBe(9004)
  expect(asked).toEqual([9004])
  expect(ports.search(take)).toBeUndefined()
})

test('the last gap between ports of others is found, wherever the walk begins', () => {
  for (let i = 0; i < 200; i += 1) {
    const ports = new NamedPorts(9000, 9059)
    expect(ports.search((port) => (port === 9031 ? port : undefined))).toBe(9031)
  }
})

test('a block of others that is longer than the number of tries does not make the range look full', () => {
  const others = (port: number) => (port < 12_000 ? undefined : port)
  for (let i = 0; i < 200; i += 1) {
    // Half of 4,000: a walk of 64 that begins in the block would end in it nearly always.
    expect(new NamedPorts(10_000, 13_999).search(others)).toBeGreaterThanOrEqual(12_000)
  }
})

test('a range that others hold costs a bounded number of tries', () => {
  let asked = 0
  const refuse = () => {
    asked += 1
    return undefined
  }
  expect(new NamedPorts(1, 65_535).search(refuse)).toBeUndefined()
  expect(asked).toBe(64)
  asked = 0
  expect(new NamedPorts(9000, 9002).search(refuse)).toBeUndefined()
  expect(asked).toBe(3)
})

test('an error ends the search and holds nothing', () => {
  const ports = new NamedPorts(9000, 9000)
  expect(() =>
    ports.search(() => {
      throw new Error('EPERM')
    }),
  ).toThrow('EPERM')
  expect(ports.search(take)).toBe(9000)
})
