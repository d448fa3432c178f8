//   namespace a: processes with an addon that AddressSanitizer and UndefinedBehaviorSanitizer look after
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab, NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildSanitized } from './build-sanitized.js'
import { createTunLab } from './tun-lab.js'

let folder: string
let env: Record<string, string>
let lab: Lab
let child: NetnsChild

beforeAll(async () => {
  lab = await createTunLab()
  folder = mkdtempSync(join(tmpdir(), 'sanitized-'))
  env = await buildSanitized(folder)
}, 120_000)
afterAll(async () => {
  await lab?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  child = await enter('hostile-native.mjs')
})
afterEach(() => endsClean(child))

function enter(cases: string): Promise<NetnsChild> {
  return lab.enter('a', new URL(`./cases/${cases}`, import.meta.url), { env, execArgv: ['--expose-gc'] })
}

/** A report ends the process, if need be while it is ending by itself. */
async function endsClean(process: NetnsChild): Promise<void> {
  await process.close()
  expect(await process.exited).toMatchObject({ code: 0, signal: null })
  expect(process.stderr).not.toMatch(/Sanitizer|runtime error/)
}

test('the addon that is tried out is the one with the sanitizers', async () => {
  expect(await child.call('loaded')).toEqual({
    addon: join(folder, 'build/Release/tun.node'),
    isSanitized: true,
  })
})

test('descriptors that point anywhere', () => child.call('descriptors', 1000))

test('slabs, rooms and counts that do not belong together', async () => {
  await child.call('loaded')
  await child.call('calls', 100)
})

test('merge plans with loops, and with pieces and headers out of range', async () => {
  await child.call('loaded')
  expect(await child.call('plans', 5000)).toEqual([])
})

test('descriptors of other kinds of files are refused and not closed', async () => {
  await child.call('loaded')
  expect(await child.call('foreignDescriptors')).toEqual({
    codes: ['EBADF', 'EBADFD', 'ENOTTY', 'Error', 'RangeError', 'TypeError'],
    descriptors: 0,
  })
})

test('queues that are closed and collected inside their own callbacks', async () => {
  await child.call('loaded')
  await child.call('reentrancy', 12)
})

test.each([
  ['watching', 'off'],
  ['calling', 'raw'],
  ['computing', 'off'],
  ['going round', 'split'],
])('a worker terminated while %s, with offload %s', async (mode, offload) => {
  const workers = await enter('worker-terminate.mjs')
  expect(await workers.call('terminate', mode, 2, offload)).toMatchObject({ devices: 0 })
  await endsClean(workers)
})
