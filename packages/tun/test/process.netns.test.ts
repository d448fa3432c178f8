//   namespace a: one process with a tun device 192.0.2.1/24
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())

const program = new URL('./cases/watched-process.mjs', import.meta.url).pathname

test.each([
  ['a watched queue keeps the process alive', 'referenced', 'readable\n'],
  ['an unreferenced queue lets it end', 'unreferenced', ''],
  ['so does one that is unreferenced while it is watched', 'unreferenced later', ''],
  ['what the callback throws is an uncaughtException', 'throwing', 'thrown by the callback\n'],
  ['a process may exit with an open, watched queue', 'forgotten', ''],
])('%s', async (_, mode, output) => {
  const { stdout } = await lab.exec('a', process.execPath, [program, mode])
  expect(stdout).toBe(output)
})
