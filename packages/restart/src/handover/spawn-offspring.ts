import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { binding } from '../binding.js'
import { openChannelPair } from '../channel/fd-channel.js'
import { RestartError } from '../errors/restart-error.js'
import type { Command } from './default-command.js'
import type { Offspring, ProcessExit } from './environment.js'
import { CHANNEL_FD, CHANNEL_VARIABLE } from './messages.js'
import { relayStderr } from './relay-stderr.js'

/**
 * Starts the next version with its end of a channel as descriptor 3, one variable that says so, and a pipe as standard
 * error. Nothing else of this process goes to it.
 */
export async function spawnOffspring(command: Command, stderr: Writable): Promise<Offspring> {
  keepDescriptors()
  const { channel, fd } = openChannelPair()
  try {
    const child = await start(command, fd)
    return offspringOf(child, channel, stderr)
  } catch (error) {
    channel.close()
    throw error
  } finally {
    binding().closeFd(fd)
  }
}

/**
 * Node makes what it opens close-on-exec, and at its start what it was given up to the first gap in the numbers. Behind
 * a gap, and from other addons, there may be more that the next version would hold for ever.
 */
function keepDescriptors(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name)
    if (fd < 3) continue
    try {
      binding().setCloseOnExec(fd, true)
    } catch {
      // The one that the listing itself had open.
    }
  }
}

async function start({ file, args, cwd, env }: Command, fd: number): Promise<ChildProcess> {
  try {
    const stdio = ['inherit', 'inherit', 'pipe', fd] as const
    const child = spawn(file, args, {
      cwd,
      env: { ...env, [CHANNEL_VARIABLE]: String(CHANNEL_FD) },
      stdio: [...stdio],
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    // A kill that fails is no reason to end this process.
    child.on('error', () => {})
    return child
  } catch (cause) {
    const { code, errno } = cause as NodeJS.ErrnoException
    throw new RestartError(`the new version could not be started: ${(cause as Error).message}`, {
      code: 'ERR_RESTART_SPAWN_FAILED',
      errno,
      syscall: 'spawn',
      hint: hintFor(code, file, cwd),
      cause,
    })
  }
}

function hintFor(code: string | undefined, file: string, cwd: string): string | undefined {
  switch (code) {
    case 'ENOENT':
      return `Is ${file} there, and the directory ${cwd}?`
    case 'EACCES':
      return `May this user run ${file}?`
    case 'EAGAIN':
      return 'Too many processes of this user, or in this cgroup: ulimit -u, TasksMax='
    default:
      return undefined
  }
}

function offspringOf(child: ChildProcess, line: Offspring['line'], target: Writable): Offspring {
  const relay = relayStderr(child.stderr as Readable, target)
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  return {
    pid: child.pid as number,
    line,
    exited,
    stderrEnded: relay.ended,
    stderrLines: () => relay.tail.lines(),
    kill: (signal) => void child.kill(signal),
    unref: () => {
      child.unref()
      ;(child.stderr as Readable & { unref(): void }).unref()
    },
  }
}
