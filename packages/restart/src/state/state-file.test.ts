import { closeSync, openSync, readdirSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createMappedFile } from './create-mapped-file.js'
import { createStateFile, readStateFile } from './state-file.js'

const bytes = new TextEncoder().encode('two sessions')

test('a state is read back from its descriptor as often as one likes', () => {
  const fd = createStateFile({ version: 2, bytes })
  expect(readStateFile(fd, { version: 2 })).toEqual({ version: 2, bytes })
  expect(readStateFile(fd)).toEqual({ version: 2, bytes })
  closeSync(fd)
})

test('nobody can change a state that was written', () => {
  const fd = createStateFile({ version: 2, bytes })
  expect(() => writeSync(fd, 'x', 0)).toThrow(expect.objectContaining({ code: 'EPERM' }))
  closeSync(fd)
})

test('a file far larger than maxBytes is refused without reading it', () => {
  const fd = createStateFile({ version: 2, bytes: new Uint8Array(1_000_000) })
  expect(() => readStateFile(fd, { maxBytes: 100 })).toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_STATE_TOO_LARGE' }),
  )
  closeSync(fd)
})

test('a mapped file is no state', () => {
  const file = createMappedFile({ sizeBytes: 1, version: 2 })
  expect(() => readStateFile(file.fd)).toThrow(expect.objectContaining({ code: 'ERR_RESTART_STATE_FOREIGN' }))
  file.close()
})

test('a device is refused before a byte is read', () => {
  const fd = openSync('/dev/zero', 'r')
  expect(() => readStateFile(fd)).toThrow(expect.objectContaining({ code: 'ERR_RESTART_STATE_FOREIGN' }))
  closeSync(fd)
})

test('a refused state leaves no descriptor behind', () => {
  const before = readdirSync('/proc/self/fd').length
  expect(() => createStateFile({ version: -1, bytes })).toThrow()
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})
