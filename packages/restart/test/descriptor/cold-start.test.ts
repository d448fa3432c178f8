import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../programs/cold-start.mjs', import.meta.url))

interface Start {
  process: ChildProcessByStdio<Writable, Readable, null>
  lines: AsyncIterator<string>
}

let directory: string
let path: string
const starts: Start[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cold-start-'))
  path = join(directory, 'app.sock')
})
afterEach(async () => {
  for (const { process } of starts.splice(0)) await kill(process)
  rmSync(directory, { recursive: true })
})

async function kill(process: Start['process']): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  process.kill('SIGKILL')
  await once(process, 'exit')
}

async function prepare(): Promise<Start> {
  const process_ = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]()
  const start = { process: process_, lines }
  starts.push(start)
  expect((await lines.next()).value).toBe('ready')
  return start
}

async function begin(start: Start): Promise<string> {
  start.process.stdin.write('go\n')
  return (await start.lines.next()).value as string
}

async function whoAnswers(): Promise<number> {
  return Number(Buffer.concat(await connect(path).toArray()).toString())
}

test('of processes that start at once over the path of a killed one exactly one wins', async () => {
  const first = await prepare()
  expect(await begin(first)).toBe('won')
  await kill(first.process)
  expect(readdirSync(directory)).toEqual(['app.sock'])

  const rivals = await Promise.all(Array.from({ length: 5 }, prepare))
  const outcomes = await Promise.all(rivals.map(begin))
  expect(outcomes.toSorted()).toEqual([...Array(4).fill('EADDRINUSE'), 'won'])
  expect(await whoAnswers()).toBe(rivals[outcomes.indexOf('won')]!.process.pid)
})

test('a second start does not disturb the first', async () => {
  const first = await prepare()
  expect(await begin(first)).toBe('won')
  expect(await begin(await prepare())).toBe('EADDRINUSE')
  expect(await whoAnswers()).toBe(first.process.pid)
})
