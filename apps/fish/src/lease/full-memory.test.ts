import { expect, it } from 'vitest'
import { FullMemory } from './full-memory.js'

it('believes a refusal for this protocol, slice and remote only, and for a while only', () => {
  const memory = new FullMemory(250)
  memory.remember(6, 0, 1, 443, 1000)
  expect(memory.isFull(6, 0, 1, 443, 1249)).toBe(true)
  expect(memory.isFull(17, 0, 1, 443, 1000)).toBe(false)
  expect(memory.isFull(6, 1, 1, 443, 1000)).toBe(false)
  expect(memory.isFull(6, 0, 2, 443, 1000)).toBe(false)
  expect(memory.isFull(6, 0, 1, 80, 1000)).toBe(false)
  expect(memory.isFull(6, 0, 1, 443, 1250)).toBe(false)
})

it('asks the kernel again as soon as one of our own leases came back', () => {
  const memory = new FullMemory(250)
  memory.remember(6, 0, 1, 443, 0)
  memory.forget(6, 0, 1, 443)
  expect(memory.isFull(6, 0, 1, 443, 1)).toBe(false)
})

it('stays bounded when very many remotes are full', () => {
  const memory = new FullMemory(1000, 8)
  for (let remote = 0; remote < 20; remote++) memory.remember(6, 0, remote, 443, 0)
  const remembered = Array.from({ length: 20 }, (_, remote) => memory.isFull(6, 0, remote, 443, 1)).filter(
    Boolean,
  )
  expect(remembered.length).toBeLessThanOrEqual(8)
})
