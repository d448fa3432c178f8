// Processes around a coordination socket: instances that are nothing else, and the program that asks them.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import type { CoordinationRoom } from './coordination-room.js'

const program = fileURLToPath(new URL('../../bin/restart.js', import.meta.url))
const instance = fileURLToPath(new URL('../programs/coordination-server.mjs', import.meta.url))

/** Nobody's: may do nothing that others have not been allowed. */
export const NOBODY = { uid: 65_534, gid: 65_534 } as const

export class RunningProcess {
  readonly child: ChildProcess
  readonly ended: Promise<{ status: number | null; signal: NodeJS.Signals | null }>
  stdout = ''
  stderr = ''

  constructor(room: CoordinationRoom, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(process.execPath, args, { ...options, stdio: options.stdio ?? 'pipe' })
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk
    })
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk
    })
    this.ended = once(this.child, 'close').then(([status, signal]) => ({ status, signal }))
    room.atEnd(async () => {
      this.child.kill('SIGKILL')
      await this.ended
    })
  }

  get pid(): number {
    return this.child.pid!
  }

  async printed(pattern: RegExp): Promise<void> {
    await waitFor(() => pattern.test(this.stdout + this.stderr), {
      timeoutMs: 15_000,
      message: `${pattern} in ${this.stdout}${this.stderr}`,
    })
  }
}

/** Runs the program to its end. */
export async function runProgram(
  room: CoordinationRoom,
  args: readonly string[],
  options: SpawnOptions = {},
) {
  const running = startProgram(room, args, options)
  const { status } = await running.ended
  return { status, stdout: running.stdout, stderr: running.stderr }
}

export function startProgram(room: CoordinationRoom, args: readonly string[], options: SpawnOptions = {}) {
  return new RunningProcess(room, [program, '--socket', room.path, ...args], options)
}

export interface InstanceAnswer {
  listening: boolean
  code?: string
  message?: string
  hint?: string
}

/** Starts an instance, and waits until it listens or is refused. */
export async function startInstance(
  room: CoordinationRoom,
  options: object = {},
  spawnOptions: SpawnOptions = {},
): Promise<{ running: RunningProcess; answer: InstanceAnswer }> {
  const settings = JSON.stringify({ path: room.path, ...options })
  const running = new RunningProcess(room, [instance, settings], spawnOptions)
  await running.printed(/\n/)
  return { running, answer: JSON.parse(running.stdout) }
}
