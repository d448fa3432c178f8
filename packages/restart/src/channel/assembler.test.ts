import { openSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Assembler } from './assembler.js'

const openDescriptors = () => readdirSync('/proc/self/fd').length

const openFiles = (count: number) => Array.from({ length: count }, () => openSync('/dev/null', 'r'))

test('of more descriptors than the process may have none is kept, so that it can go on', () => {
  const before = openDescriptors()
  const assembler = new Assembler(0)
  const total = 2 ** 32 - 1
  expect(assembler.add({ type: 'message', total, message: {} }, openFiles(253))).toBeUndefined()
  expect(assembler.add({ type: 'more', count: 100 }, openFiles(100))).toBeUndefined()
  expect(openDescriptors()).toBe(before)
})

test('a message of which some descriptors were lost comes without any', () => {
  const before = openDescriptors()
  const assembler = new Assembler(0)
  assembler.add({ type: 'message', total: 300, message: { type: 'files' } }, openFiles(253))
  // What the kernel could not give to this process.
  const delivery = assembler.add({ type: 'more', count: 47 }, undefined)
  expect(delivery).toMatchObject({
    content: { message: { type: 'files' }, fds: [] },
    error: { code: 'ERR_RESTART_DESCRIPTORS_LOST', message: expect.stringContaining('300') },
  })
  expect(openDescriptors()).toBe(before)
})

test('clear lets go of what is not whole', () => {
  const before = openDescriptors()
  const assembler = new Assembler(0)
  assembler.add({ type: 'message', total: 300, message: {} }, openFiles(253))
  expect(openDescriptors()).toBe(before + 253)
  assembler.clear()
  expect(openDescriptors()).toBe(before)
})
