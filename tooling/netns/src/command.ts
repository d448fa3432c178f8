import { execFile } from 'node:child_process'
import { NetnsError } from './netns-error.js'

export interface CommandOptions {
  /** Text for standard input; without it the command reads end of file. */
  readonly input?: string
  /** The command is killed with SIGKILL after this long. Default 20,000 ms. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end.
 *
 * Rejects with `ERR_COMMAND_FAILED` or `ERR_TIMEOUT`, with the command line, the way it ended and its
 * standard error in the message, and with the abort reason when `signal` fires.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { input, timeoutMs = 20_000, signal } = options
  return new Promise((resolve, reject) => {
    const settings = {
      encoding: 'utf8',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: Number.POSITIVE_INFINITY,
      ...(signal && { signal }),
    } as const
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve({ stdout, stderr })
      if (signal?.aborted) return reject(signal.reason)
      const exitCode = typeof error.code === 'number' ? error.code : null
      const details = { exitCode, signal: error.signal ?? null, stdout, stderr }
      const line = commandLine(command, args, input)
      if (error.killed) {
        reject(new NetnsError('ERR_TIMEOUT', report(line, `not done after ${timeoutMs} ms`, stderr), details))
      } else {
        const end = exitCode === null ? (error.signal ?? String(error.code)) : `exit code ${exitCode}`
        reject(new NetnsError('ERR_COMMAND_FAILED', report(line, end, stderr), details))
      }
    })
    // A command may end without having read its input; its exit code is the news then, not EPIPE.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** The command as one would type it, its standard input as a here document. */
export function commandLine(command: string, args: readonly string[], input?: string): string {
  const line = [command, ...args].map(quote).join(' ')
  return input ? `${line} <<'.'\n${input.trimEnd()}\n.` : line
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function report(line: string, end: string, stderr: string): string {
  return [`${end}: ${line}`, stderr.trimEnd()].filter(Boolean).join('\n')
}
