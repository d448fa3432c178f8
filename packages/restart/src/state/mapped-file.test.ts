import {
  chmodSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../binding.js'
import { createMappedFile } from './create-mapped-file.js'
import type { MappedFile } from './mapped-file.js'
import { openMappedFile } from './open-mapped-file.js'
import { writeHeader } from './state-header.js'

const folder = mkdtempSync(join(tmpdir(), 'restart-mapped-'))
const path = join(folder, 'sessions')
let opened: MappedFile[] = []

beforeEach(() => {
  rmSync(path, { force: true, recursive: true })
})

afterEach(() => {
  for (const file of opened) file.close()
  opened = []
})

afterAll(() => rmSync(folder, { recursive: true }))

function use(file: MappedFile): MappedFile {
  opened.push(file)
  return file
}

const create = (options: Partial<Parameters<typeof createMappedFile>[0]> = {}) =>
  use(createMappedFile({ sizeBytes: 100_000, version: 3, ...options }))

const open = (source: string | number, version: number | number[] = 3) =>
  use(openMappedFile(source, { version }))

test('a file without a path begins with zeros, and every opening sees the same bytes', () => {
  const first = create()
  const bytes = new Uint8Array(first.buffer)
  expect(bytes.length).toBe(100_000)
  expect(bytes.every((byte) => byte === 0)).toBe(true)

  const second = open(first.fd)
  expect(second).toMatchObject({ version: 3, sizeBytes: 100_000, path: undefined })
  expect(second.fd).not.toBe(first.fd)
  bytes[99_999] = 42
  expect(new Uint8Array(second.buffer)[99_999]).toBe(42)
  Atomics.add(new Int32Array(second.buffer), 0, 7)
  expect(new Int32Array(first.buffer)[0]).toBe(7)
})

test('the bytes stay when the opening that wrote them is closed', () => {
  const first = create({ path })
  new Float64Array(first.buffer, 0, 1)[0] = Math.PI
  first.close()
  expect(new Float64Array(open(path).buffer, 0, 1)[0]).toBe(Math.PI)
})

test('after close the views are empty instead of reaching into foreign memory', () => {
  const file = create()
  const view = new Uint8Array(file.buffer)
  file.close()
  expect(view.length).toBe(0)
  expect(view[0]).toBeUndefined()
  expect(file.buffer.byteLength).toBe(0)
})

test('a second close does not close the descriptor that took its number', () => {
  const file = create()
  file.close()
  const successor = create()
  expect(successor.fd).toBe(file.fd)
  file.close()
  expect(statSync(`/proc/self/fd/${successor.fd}`).isFile()).toBe(true)
})

test('a file in memory cannot be shortened under those who have it mapped', () => {
  const file = create()
  expect(() => ftruncateSync(file.fd, 10)).toThrow(expect.objectContaining({ code: 'EPERM' }))
})

test('a file at a path is complete, allocated, its owner’s alone, and the only one in the folder', () => {
  create({ path })
  const stats = statSync(path)
  expect(stats.mode & 0o777).toBe(0o600)
  expect(stats.size).toBe(104_096)
  expect(stats.blocks * 512).toBeGreaterThanOrEqual(stats.size)
  expect(readdirSync(folder)).toEqual(['sessions'])
})

test('a file that is there is not overwritten unless that is asked for', () => {
  const first = create({ path })
  new Uint8Array(first.buffer).fill(1)
  expect(() => create({ path })).toThrow(
    expect.objectContaining({ code: 'EEXIST', hint: expect.stringContaining('replace') }),
  )
  expect(readdirSync(folder)).toEqual(['sessions'])

  const second = create({ path, replace: true, version: 4 })
  expect(new Uint8Array(second.buffer)[0]).toBe(0)
  expect(new Uint8Array(first.buffer)[0]).toBe(1)
  expect(open(path, 4).version).toBe(4)
  expect(readdirSync(folder)).toEqual(['sessions'])
})

test('one of several versions is accepted, another is refused', () => {
  create({ path })
  expect(open(path, [2, 3]).version).toBe(3)
  expect(() => open(path, 4)).toThrow(/version 3.*version 4.*ERR_RESTART_STATE_VERSION/)
})

const damage: [string, string, () => void][] = [
  ['an empty file', 'ERR_RESTART_STATE_TRUNCATED', () => truncateSync(path)],
  ['a file cut within its header', 'ERR_RESTART_STATE_TRUNCATED', () => truncateSync(path, 20)],
  ['a file cut within its contents', 'ERR_RESTART_STATE_TRUNCATED', () => truncateSync(path, 50_000)],
  ['a file with more than it should have', 'ERR_RESTART_STATE_DAMAGED', () => truncateSync(path, 200_000)],
  ['a text', 'ERR_RESTART_STATE_FOREIGN', () => writeFileSync(path, 'sessions: []\n'.repeat(99))],
  [
    'a header that claims far more than there is',
    'ERR_RESTART_STATE_TRUNCATED',
    () => replaceHeader(Number.MAX_SAFE_INTEGER),
  ],
  ['a header that claims nothing', 'ERR_RESTART_STATE_DAMAGED', () => replaceHeader(0)],
  [
    'a flipped bit in the header',
    'ERR_RESTART_STATE_DAMAGED',
    () => {
      const content = readFileSync(path)
      content[17]! ^= 1
      writeFileSync(path, content)
    },
  ],
  [
    'a folder',
    'EISDIR',
    () => {
      rmSync(path)
      mkdirSync(path)
    },
  ],
  ['a file that others may write to', 'ERR_RESTART_STATE_FOREIGN', () => chmodSync(path, 0o622)],
]

function replaceHeader(length: number): void {
  const content = readFileSync(path)
  writeHeader(content, 'rstmappd', { version: 3, length, checksum: 0 })
  writeFileSync(path, content)
}

test.each(damage)('%s is refused with %s', (_, code, spoil) => {
  create({ path }).close()
  spoil()
  const before = readdirSync('/proc/self/fd').length
  expect(() => open(path)).toThrow(expect.objectContaining({ code }))
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})

test.each([
  ['a socket', 'ERR_RESTART_STATE_FOREIGN', () => binding().socketPair('stream')],
  ['a closed descriptor', 'EBADF', () => [9_999]],
])('%s instead of a file is refused with %s', (_, code, make) => {
  const descriptors = make()
  expect(() => open(descriptors[0]!)).toThrow(expect.objectContaining({ code }))
  for (const fd of descriptors) if (fd !== 9_999) binding().closeFd(fd)
})

test('a file opened only for reading is refused by name instead of crashing at the first write', () => {
  create({ path })
  const fd = openSync(path, 'r')
  expect(() => open(fd)).toThrow(expect.objectContaining({ code: 'EACCES', syscall: 'mmap' }))
  binding().closeFd(fd)
})

test('a sparse copy gets its pages before it is mapped', () => {
  const copy = join(folder, 'copy')
  create({ path }).close()
  copyFileSync(path, copy)
  const header = readFileSync(copy).subarray(0, 4096)
  writeFileSync(copy, header)
  truncateSync(copy, 104_096)
  chmodSync(copy, 0o600)
  open(copy)
  expect(statSync(copy).blocks * 512).toBeGreaterThanOrEqual(104_096)
  rmSync(copy)
})

test.each([
  [{ sizeBytes: 0 }, 'ERR_INVALID_ARG_VALUE'],
  [{ sizeBytes: 1.5 }, 'ERR_INVALID_ARG_VALUE'],
  [{ sizeBytes: 2 ** 53 }, 'ERR_INVALID_ARG_VALUE'],
  [{ sizeBytes: '1' as never }, 'ERR_INVALID_ARG_TYPE'],
  [{ version: -1 }, 'ERR_INVALID_ARG_VALUE'],
  [{ path: '' }, 'ERR_INVALID_ARG_VALUE'],
  [{ path: 1 as never }, 'ERR_INVALID_ARG_TYPE'],
  [{ replace: 1 as never }, 'ERR_INVALID_ARG_TYPE'],
  [{ size: 1 } as never, 'ERR_INVALID_ARG_VALUE'],
])('the options %o are refused', (options, code) => {
  expect(() => create(options)).toThrow(expect.objectContaining({ code }))
})

test('what a process of the same number left behind half made is not in the way, as in a container at every start', () => {
  for (let count = 1; count <= 20; count++) writeFileSync(`${path}.${process.pid}.${count}.new`, '')
  createMappedFile({ path, sizeBytes: 8, version: 1 }).close()
  createMappedFile({ path, sizeBytes: 8, version: 1, replace: true }).close()
})
