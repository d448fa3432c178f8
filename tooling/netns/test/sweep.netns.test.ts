import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { runCommand } from '../src/command.js'
import { createLab, sweep, waitFor } from '../src/index.js'
import { namespaceName, namespacePath } from '../src/namespace-name.js'
import { removeNamespace } from '../src/remove-namespace.js'

const made: string[] = []

async function add(name: string): Promise<string> {
  await runCommand('ip', ['netns', 'add', name])
  made.push(name)
  return name
}

/** A name as another process would have given it. */
function nameOf(pid: number, role: string): string {
  return namespaceName(900, role).replace(String(process.pid), String(pid))
}

async function deadPid(): Promise<number> {
  const child = spawn('true')
  await once(child, 'close')
  return child.pid!
}

afterEach(async () => {
  await Promise.all(made.splice(0).map(removeNamespace))
})

test('a new lab removes what a dead process left behind, with what runs in it', async () => {
  const leftover = await add(nameOf(await deadPid(), 'edge'))
  const sleeper = spawn('ip', ['netns', 'exec', leftover, 'sleep', '60'])
  const ended = once(sleeper, 'exit')
  const inside = async () => (await runCommand('ip', ['netns', 'pids', leftover])).stdout.trim()
  expect(await waitFor(inside)).toBe(String(sleeper.pid))

  const lab = await createLab({ namespaces: ['edge'] })
  await lab.close()
  expect(existsSync(namespacePath(leftover))).toBe(false)
  expect(await ended).toEqual([null, 'SIGKILL'])
})

test('a dead process that its parent has not waited for counts as dead', async () => {
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'])
  const [line] = await once(parent.stdout, 'data')
  try {
    const leftover = await add(nameOf(Number(line), 'edge'))
    expect(await waitFor(async () => (await sweep()).includes(leftover))).toBe(true)
  } finally {
    parent.kill()
  }
})

test('namespaces of living processes, of other pid namespaces and of other tools stay', async () => {
  const dead = await deadPid()
  const names = [
    await add(nameOf(process.ppid, 'edge')),
    await add(`t${dead}p1-1-edge`),
    await add(`other${dead}-1-edge`),
  ]
  expect(await sweep()).not.toEqual(expect.arrayContaining(names))
  expect(names.map(namespacePath).every(existsSync)).toBe(true)
})

test('sweeps at the same time do not disturb each other', async () => {
  const dead = await deadPid()
  const names = await Promise.all(['a', 'b', 'c'].map((role) => add(nameOf(dead, role))))
  await Promise.all([sweep(), sweep(), sweep()])
  expect(names.map(namespacePath).some(existsSync)).toBe(false)
})
