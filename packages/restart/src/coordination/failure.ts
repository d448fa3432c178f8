import { inspect } from 'node:util'
import { RestartError } from '../errors/restart-error.js'
import { isCount, isObject, isOneOf, type JsonObject } from './json-object.js'
import { type Failure, type ProcessExit, STAGES } from './protocol.js'

/** What was thrown, as it travels: a RestartError with all it knows, anything else with its code and words. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'ERR_RESTART_FAILED', message: textOf(error) }
  const { code, hint, stage, exit, stderr } = error as Error & Partial<Record<keyof Failure, unknown>>
  return {
    code: typeof code === 'string' && code !== '' ? code.slice(0, 100) : 'ERR_RESTART_FAILED',
    message: textOf(error.message || error.name),
    ...(isOneOf(stage, STAGES) && { stage }),
    ...(typeof hint === 'string' && { hint }),
    ...(isObject(exit) && { exit: exitOf(exit) }),
    ...(Array.isArray(stderr) && { stderr: stderr.map(textOf) }),
  }
}

function exitOf({ code, signal }: JsonObject): ProcessExit {
  return { code: isCount(code) ? code : null, signal: typeof signal === 'string' ? signal : null }
}

/** Not every value can be made a string: an object without a prototype cannot. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value)
}

/** What travelled, as it is thrown to the asker: with `exit` and `stderr` of the new process where they came. */
export function errorOf({ code, message, stage, hint, exit, stderr }: Failure): RestartError {
  const error = new RestartError(message, { code, stage, hint })
  return Object.assign(error, exit && { exit }, stderr && { stderr })
}
