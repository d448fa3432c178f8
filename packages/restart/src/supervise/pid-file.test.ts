import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readPidFile, writePidFile } from './pid-file.js'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'restart-pid-'))
  path = join(folder, 'service.pid')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the file has the number and a newline, the wanted mode, and nothing is left beside it', () => {
  const file = writePidFile(path, { mode: 0o640 })
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`)
  expect(statSync(path).mode & 0o777).toBe(0o640)
  expect(readdirSync(folder)).toEqual(['service.pid'])
  expect(readPidFile(path)).toEqual({ pid: process.pid, running: true })
  expect(file.remove()).toBe(true)
  expect(file.remove()).toBe(false)
  expect(readPidFile(path)).toBeUndefined()
})

test('the file of a process that runs is not replaced, but by its successor', () => {
  writePidFile(path, { pid: process.ppid })
  expect(() => writePidFile(path)).toThrow(expect.objectContaining({ code: 'ERR_RESTART_ALREADY_RUNNING' }))
  const file = writePidFile(path, { replaces: process.ppid })
  expect(readPidFile(path)?.pid).toBe(process.pid)
  file.remove()
})

test('the file of a process that has ended is replaced, also while it is a zombie', async () => {
  const child = spawn('sleep', ['1000'])
  try {
    writePidFile(path, { pid: child.pid })
    process.kill(child.pid!, 'SIGKILL')
    // Node reaps it no sooner than the event loop turns.
    for (let tries = 0; tries < 100_000 && readPidFile(path)?.running; tries++);
    writePidFile(path)
    expect(readPidFile(path)?.pid).toBe(process.pid)
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
})

test('a number that another process has by now is not taken for the one that wrote the file', () => {
  writePidFile(path)
  const start = statSync(path).mtimeMs / 1000
  utimesSync(path, start - 60, start - 60)
  expect(readPidFile(path)).toEqual({ pid: process.pid, running: false })
})

test('a file that another program wrote is believed as long as some process has the number', () => {
  writeFileSync(path, ` ${process.ppid} `)
  expect(readPidFile(path)).toEqual({ pid: process.ppid, running: true })
  writeFileSync(path, 'no number')
  expect(readPidFile(path)).toBeUndefined()
})

test('the file of the successor is not removed', () => {
  const old = writePidFile(path, { pid: process.ppid })
  writePidFile(path, { replaces: process.ppid })
  expect(old.remove()).toBe(false)
  expect(readPidFile(path)?.pid).toBe(process.pid)
})

test('what the system refuses comes with what to do', () => {
  expect(() => writePidFile(join(folder, 'absent', 'pid'))).toThrow(
    expect.objectContaining({ code: 'ENOENT', hint: expect.stringContaining('RuntimeDirectory=') }),
  )
  expect(() => writePidFile('')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
  expect(() => writePidFile(path, { pids: 1 } as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
})
