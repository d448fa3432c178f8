import { spawn } from 'node:child_process'
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

interface Bounds {
  timeoutMs: number
  signal: AbortSignal | undefined
}

/** Resolves to what the function gave. Throws RestartError `ERR_RESTART_CONFIG_INVALID`, AbortError. */
export async function validate(validation: Validation, bounds: Bounds): Promise<unknown> {
  if (typeof validation !== 'function') return run(validation, bounds)
  try {
    return await validation()
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), { cause })
  }
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
    child.stdout.on('data', (chunk: Buffer) => lines.add(chunk))
    child.stderr.on('data', (chunk: Buffer) => lines.add(chunk))
    let isOver = false
    const end = (error?: Error) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      child.kill('SIGKILL')
      // A grandchild may hold them open.
      child.stdout.destroy()
      child.stderr.destroy()
      if (error) reject(error)
      else resolve()
    }
    const aborted = () => end(abortError(signal!))
    const timer = setTimeout(() => {
      end(invalid(`${file} had not looked at it within ${timeoutMs} ms`, {}))
    }, timeoutMs)
    if (signal?.aborted) return aborted()
    signal?.addEventListener('abort', aborted, { once: true })
    child.on('error', (cause) => {
      end(invalid(`${file} could not be run: ${cause.message}`, { cause }))
    })
    child.on('close', (code, killer) => {
      if (code === 0) return end()
      const how = killer === null ? `exited with status ${code}` : `was ended by ${killer}`
      const error = invalid(`${[file, ...args].join(' ')} ${how}`, {})
      end(Object.assign(error, { exit: { code, signal: killer }, stderr: lines.take() }))
    })
  })
}
