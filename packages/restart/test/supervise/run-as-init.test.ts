import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import { afterEach, expect, test } from 'vitest'
import { findProcess, parentOf } from '../../src/supervise/process-start.js'
import { type RunAsInitOptions, runAsInit } from '../../src/supervise/run-as-init.js'

const program = (name: string) => fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url))
const started: ChildProcess[] = []
const folders: string[] = []

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

interface Running {
  child: ChildProcess
  lines: string[]
  /** Of init itself, as this process sees it. */
  initPid(): number
  signal(signal: NodeJS.Signals): void
  /** Waits for a line that begins so, and returns the rest. */
  line(start: string): Promise<string>
  ended(): Promise<[number | null, string | null]>
}

/** In a pid namespace of its own, init is PID 1, and all die with it. */
function startInit(
  command: string[],
  options: RunAsInitOptions,
  own: boolean,
  stdio: ['pipe'?] = [],
): Running {
  const init = [process.execPath, program('init'), JSON.stringify(options), ...command]
  const [file, ...args] = own ? ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...init] : init
  const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit', ...stdio] })
  started.push(child)
  const lines: string[] = []
  let rest = ''
  child.stdout!.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
  const initPid = () => {
    if (!own) return child.pid!
    return readdirSync('/proc')
      .map(Number)
      .find((pid) => pid > 0 && parentOf(pid) === child.pid)!
  }
  const over = once(child, 'exit') as Promise<[number | null, string | null]>
  return {
    child,
    lines,
    initPid,
    signal: (signal) => process.kill(initPid(), signal),
    async line(start) {
      const found = await waitFor(() => lines.find((line) => line.startsWith(start)), {
        timeoutMs: 15_000,
        message: `"${start}" among ${lines.join(' | ')}`,
      })
      return found.slice(start.length).trim()
    },
    ended: () => over,
  }
}

const service = (how: string, ...path: string[]) => [
  process.execPath,
  program('replaced-service'),
  '1',
  how,
  ...path,
]

test('as PID 1: signals reach the service, orphans are reaped, its status is the status', async () => {
  const running = startInit(service('notify'), {}, true)
  expect(await running.line('1 pid')).toMatch(/^\d+ true$/)
  const orphan = await running.line('1 orphan')
  const isGone = () => {
    running.signal('SIGHUP')
    const states = running.lines.filter((line) => line.startsWith('1 processes')).at(-1)
    return states?.includes(' 1S') && !new RegExp(` ${orphan}[A-Z]`).test(states)
  }
  await waitFor(isGone, { message: 'the orphan to be reaped' })
  running.signal('SIGTERM')
  expect(await running.ended()).toEqual([41, null])
})

test('as PID 1: stays while the service replaces itself twice, and ends with the last one', async () => {
  const running = startInit(service('notify'), {}, true)
  await running.line('1 pid')
  const init = running.initPid()
  for (const next of [2, 3]) {
    const before = running.lines.length
    running.signal('SIGUSR2')
    await running.line(`${next} pid`)
    const isMain = () => {
      running.signal('SIGHUP')
      return running.lines.slice(before).some((line) => line.startsWith(`${next} processes`))
    }
    await waitFor(isMain, { message: `signals to reach instance ${next}` })
  }
  expect(running.initPid()).toBe(init)
  running.signal('SIGTERM')
  expect(await running.ended()).toEqual([43, null])
})

test('as PID 1: a service that is killed gives 128 and the number of the signal', async () => {
  const running = startInit(service('notify'), {}, true)
  await running.line('1 pid')
  running.signal('SIGQUIT')
  expect(await running.ended()).toEqual([137, null])
})

test('a service that says nothing is followed through its PID file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restart-init-'))
  folders.push(folder)
  const path = join(folder, 'service.pid')
  const running = startInit(service('file', path), { pidFile: path }, true)
  await running.line('1 pid')
  running.signal('SIGUSR2')
  await running.line('2 pid')
  const isMain = () => {
    running.signal('SIGHUP')
    return running.lines.some((line) => line.startsWith('2 processes'))
  }
  await waitFor(isMain, { message: 'signals to reach the second instance' })
  running.signal('SIGTERM')
  expect(await running.ended()).toEqual([42, null])
})

test('readiness of the service becomes a newline on the descriptor of the supervisor', async () => {
  const running = startInit(service('notify'), { readinessFd: 3 }, false, ['pipe'])
  let told = ''
  const pipe = running.child.stdio[3] as NodeJS.ReadableStream
  pipe.on('data', (chunk) => {
    told += chunk
  })
  await once(pipe, 'end')
  expect(told).toBe('\n')
  running.signal('SIGTERM')
  expect(await running.ended()).toEqual([41, null])
})

test('what ignores SIGTERM after the service has ended is killed when graceMs is over', async () => {
  const leftBehind = `sh -c 'trap "" TERM; echo stubborn $$; exec sleep 1000'`
  const script = `{ ${leftBehind} & } | { read line; echo "$line"; }; exit 7`
  const running = startInit(['sh', '-c', script], { graceMs: 100 }, false)
  const stubborn = Number(await running.line('stubborn'))
  expect(await running.ended()).toEqual([7, null])
  await waitFor(() => findProcess(stubborn) === undefined)
})

test('what a killed process leaves behind, and ignores SIGTERM too, is killed as well', async () => {
  // What ignores a signal passes that on to its children.
  const parent = `trap "" TERM; sh -c "$0" & wait`
  const child = 'echo stubborn $$; exec sleep 1000'
  const script = `{ sh -c '${parent}' '${child}' & } | { read line; echo "$line"; }; exit 7`
  const running = startInit(['sh', '-c', script], { graceMs: 100 }, false)
  const stubborn = Number(await running.line('stubborn'))
  try {
    expect(await running.ended()).toEqual([7, null])
    await waitFor(() => findProcess(stubborn) === undefined, { message: 'the end of the grandchild' })
  } finally {
    if (findProcess(stubborn) !== undefined) process.kill(stubborn, 'SIGKILL')
  }
})

test('a PID file that cannot be read does not bring init down before it has ended the others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restart-init-'))
  folders.push(folder)
  const running = startInit(['sh', '-c', 'sleep 1000 & echo left $!; exit 9'], { pidFile: folder }, false)
  const left = Number(await running.line('left'))
  try {
    expect(await running.ended()).toEqual([9, null])
    await waitFor(() => findProcess(left) === undefined, { message: 'the end of what was left' })
  } finally {
    if (findProcess(left) !== undefined) process.kill(left, 'SIGKILL')
  }
})

test('a descriptor for readiness that is not open is refused at the start, not when the service is ready', async () => {
  const running = startInit(['sh', '-c', 'exit 0'], { readinessFd: 999 }, false)
  expect(await running.line('refused')).toBe('EBADF')
  await running.ended()
})

test('a command that cannot be started is refused with the errno', async () => {
  const running = startInit(['/nowhere/at/all'], {}, false)
  expect(await running.line('refused')).toBe('ENOENT')
  await running.ended()
  await expect(runAsInit([])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  await expect(runAsInit(['true'], { grace: 1 } as never)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await expect(runAsInit('true' as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
})
