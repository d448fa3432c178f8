import { expect, test } from 'vitest'
import { FullMemory } from './full-memory.js'

let now = 0
const clock = () => now

test('a refusal is believed for its kind and its remote only, and for a while only', () => {
  now = 1000
  const memory = new FullMemory(250, 8, clock)
  memory.remember('tuple', '192.0.2.9', 443)
  now = 1249
  expect(memory.isFull('tuple', '192.0.2.9', 443)).toBe(true)
  expect(memory.isFull('udp')).toBe(false)
  expect(memory.isFull('tuple', '192.0.2.8', 443)).toBe(false)
  expect(memory.isFull('tuple', '192.0.2.9', 80)).toBe(false)
  now = 1250
  expect(memory.isFull('tuple', '192.0.2.9', 443)).toBe(false)
})

test('what is not believed any more is not kept, whatever is asked for', () => {
  now = 0
  const memory = new FullMemory(100, 8, clock)
  memory.remember('tuple', '192.0.2.1', 443)
  now = 50
  memory.remember('tuple', '192.0.2.2', 443)
  now = 120
  expect(memory.isFull('tuple', '192.0.2.3', 443)).toBe(false)
  expect(memory.size).toBe(1)
  now = 150
  expect(memory.isFull('tuple', '192.0.2.3', 443)).toBe(false)
  expect(memory.size).toBe(0)
})

test('a refusal that is repeated counts from its last time, and does not keep older ones alive', () => {
  now = 0
  const memory = new FullMemory(100, 8, clock)
  memory.remember('udp')
  memory.remember('icmp')
  now = 90
  memory.remember('udp')
  now = 100
  expect(memory.isFull('icmp')).toBe(false)
  expect(memory.isFull('udp')).toBe(true)
  expect(memory.size).toBe(1)
})

test('room that somebody tells of ends it', () => {
  now = 0
  const memory = new FullMemory(250, 8, clock)
  memory.remember('udp')
  memory.remember('icmp')
  memory.forget('udp')
  expect(memory.isFull('udp')).toBe(false)
  expect(memory.isFull('icmp')).toBe(true)
  memory.forgetAll()
  expect(memory.isFull('icmp')).toBe(false)
})

test('very many full remotes take bounded memory, and the oldest go first', () => {
  now = 0
  const memory = new FullMemory(250, 8, clock)
  const ports = Array.from({ length: 20 }, (_, i) => 1 + i)
  for (const port of ports) memory.remember('tuple', '192.0.2.9', port)
  expect(memory.size).toBe(8)
  expect(ports.filter((port) => memory.isFull('tuple', '192.0.2.9', port))).toEqual(ports.slice(-8))
})

test('a memory of 0 ms remembers nothing', () => {
  now = 0
  const memory = new FullMemory(0, 8, clock)
  memory.remember('udp')
  expect(memory.isFull('udp')).toBe(false)
})
