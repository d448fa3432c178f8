import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { openMappedFile } from '../../src/state/open-mapped-file.js'
import { killPrograms, startProgram } from '../park/program.js'

const folder = mkdtempSync(join(tmpdir(), 'restart-state-'))

afterEach(killPrograms)
afterAll(() => rmSync(folder, { recursive: true }))

test('every byte that a process wrote is there after kill -9', async () => {
  // tmpfs, as in production.
  const path = `/dev/shm/restart-test-${process.pid}`
  const writer = startProgram('mapped-writer', [path, '8000000'])
  expect(await writer.next()).toBe('written')
  await writer.kill()
  const file = openMappedFile(path, { version: 5 })
  const numbers = new Float64Array(file.buffer)
  const wrong = numbers.findIndex((number, index) => number !== index / 3)
  expect({ length: numbers.length, wrong }).toEqual({ length: 1_000_000, wrong: -1 })
  file.close()
  rmSync(path)
})

test('threads map for themselves, count in the same memory, and may be terminated with it mapped', async () => {
  const threads = startProgram('mapped-threads', [])
  const { counted, expected } = await threads.next<{ counted: number; expected: number }>()
  expect(counted).toBe(expected)
  expect(await threads.ended()).toBe(0)
})

test('a full file system is an error with a hint when a file is made or opened, never a SIGBUS later', async () => {
  const program = startProgram('full-file-system', [folder], { command: ['unshare', '-m'] })
  expect(await program.next()).toEqual({
    tooLarge: expect.objectContaining({ code: 'ENOSPC', hint: expect.stringContaining('tmpfs') }),
    after: [],
    sparse: expect.objectContaining({ code: 'ENOSPC' }),
    rest: 'ENOSPC',
    last: 7,
  })
  expect(await program.ended()).toBe(0)
})
