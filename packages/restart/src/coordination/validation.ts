import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { abortError } from '../errors/abort-error.js'
import { checkKnown, invalidType } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'
import { LastLines } from './last-lines.js'

/**
 * How a configuration is looked at before anything is asked: a function that throws (or rejects) if it is wrong, or a
 * command that exits with another status than 0.
 */
export type Validation = (() => unknown) | ValidationCommand

/** Run without a shell. */
export interface ValidationCommand {
  file: string
  args?: readonly string[] | undefined
  cwd?: string | undefined
  env?: NodeJS.ProcessEnv | undefined
}

export function checkValidation(value: unknown): asserts value is Validation {
  if (typeof value === 'function') return
  if (typeof value !== 'object' || value === null) {
    throw invalidType('validate', 'a function or a command', value)
  }
  checkKnown('validate', value, ['file', 'args', 'cwd', 'env'])
  const { file, args, cwd } = value as Partial<ValidationCommand>
  if (typeof file !== 'string') throw invalidType('validate.file', 'a string', file)
  if (args !== undefined && !Array.isArray(args)) throw invalidType('validate.args', 'an array', args)
  if (cwd !== undefined && typeof cwd !== 'string') throw invalidType('validate.cwd', 'a string', cwd)
}

/** For the last words of a check that has ended. */
const OUTPUT_GRACE_MS = 500

interface Bounds {
  timeoutMs: number
  signal: AbortSignal | undefined
}

/** Resolves to what the function gave. Throws RestartError `ERR_RESTART_CONFIG_INVALID`, AbortError. */
export async function validate(validation: Validation, bounds: Bounds): Promise<unknown> {
  if (bounds.signal?.aborted) throw abortError(bounds.signal)
  return typeof validation === 'function' ? call(validation, bounds) : run(validation, bounds)
}

/** What the function does when nobody waits for it any more is its own. */
function call(validation: () => unknown, { timeoutMs, signal }: Bounds): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(abortError(signal!))
    const timer = setTimeout(() => {
      reject(invalid(`validate had not looked at it within ${timeoutMs} ms`, {}))
    }, timeoutMs)
    signal?.addEventListener('abort', aborted, { once: true })
    Promise.resolve()
      .then(validation)
      .then(resolve, (cause) => {
        reject(invalid(cause instanceof Error ? cause.message : String(cause), { cause }))
      })
      .finally(() => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
      })
  })
}

function invalid(message: string, details: { cause?: unknown; hint?: string }): RestartError {
  return new RestartError(`the configuration is refused: ${message}`, {
    code: 'ERR_RESTART_CONFIG_INVALID',
    stage: 'validating',
    hint: NOTHING_WAS_ASKED,
    ...details,
  })
}

const NOTHING_WAS_ASKED = 'Nothing was asked: the running instance goes on as it is'

function run({ file, args = [], cwd, env }: ValidationCommand, { timeoutMs, signal }: Bounds): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    // Some tell what is wrong on the one, some on the other.
    const lines = new LastLines()
    // They are missing when there was no descriptor left for them; then `error` follows.
    const outputs = [child.stdout, child.stderr] as (Readable | undefined)[]
    for (const output of outputs) output?.on('data', (chunk: Buffer) => lines.add(chunk))
    let isOver = false
    let grace: NodeJS.Timeout | undefined
    const end = (error?: Error) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      clearTimeout(grace)
      signal?.removeEventListener('abort', aborted)
      child.kill('SIGKILL')
      // A grandchild may hold them open.
      for (const output of outputs) output?.destroy()
      if (error) reject(error)
      else resolve()
    }
    const aborted = () => end(abortError(signal!))
    const timer = setTimeout(() => {
      end(invalid(`${file} had not looked at it within ${timeoutMs} ms`, {}))
    }, timeoutMs)
    signal?.addEventListener('abort', aborted, { once: true })
    child.on('error', (cause) => {
      end(invalid(`${file} could not be run: ${cause.message}`, { cause }))
    })
    const ended = (code: number | null, killer: NodeJS.Signals | null) => {
      if (code === 0) return end()
      const how = killer === null ? `exited with status ${code}` : `was ended by ${killer}`
      const error = invalid(`${[file, ...args].join(' ')} ${how}`, {})
      end(Object.assign(error, { exit: { code, signal: killer }, stderr: lines.take() }))
    }
    // What it left running in the background may hold its output open for ever.
    child.on('exit', (code, killer) => {
      grace = setTimeout(ended, OUTPUT_GRACE_MS, code, killer)
    })
    child.on('close', ended)
  })
}
