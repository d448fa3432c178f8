import { spawn } from 'node:child_process'
import { RestartError } from '../errors/restart-error.js'
import type { WaitOptions } from './changes.js'
import type { ExitStatus } from './service-record.js'

/** How a command ended, and what it printed. */
export interface CommandEnd extends ExitStatus {
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, whatever that is; kills it, and rejects, at the timeout or when `signal` fires. */
export function runCommand(
  command: readonly string[],
  settings: { env: NodeJS.ProcessEnv; cwd: string | undefined },
  { timeoutMs = 10_000, signal }: WaitOptions,
): Promise<CommandEnd> {
  signal?.throwIfAborted()
  const [file = '', ...args] = command
  const child = spawn(file, args, { ...settings, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text
    })
  }
  return new Promise<CommandEnd>((resolve, reject) => {
    const cancel = (reason: unknown) => {
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      reject(reason)
    }
    const abort = () => cancel(signal?.reason)
    const timer = setTimeout(() => cancel(tooLong(command, timeoutMs)), timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    child.once('error', cancel)
    child.once('close', (code, killedBy) => resolve({ code, signal: killedBy, ...said }))
    child.once('exit', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    })
  })
}

function tooLong(command: readonly string[], timeoutMs: number): RestartError {
  return new RestartError(`${command.join(' ')} was not done after ${timeoutMs} ms, and was killed`, {
    code: 'ERR_RESTART_TIMEOUT',
  })
}
