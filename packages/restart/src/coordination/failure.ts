import { RestartError } from '../errors/restart-error.js'
import { isOneOf } from './json-object.js'
import { type Failure, type ProcessExit, STAGES } from './protocol.js'

/** What was thrown, as it travels: a RestartError with all it knows, anything else with its code and words. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'ERR_RESTART_FAILED', message: String(error) }
  const { code, hint, stage, exit, stderr } = error as Error & Partial<Record<keyof Failure, unknown>>
  return {
    code: typeof code === 'string' && code !== '' ? code.slice(0, 100) : 'ERR_RESTART_FAILED',
    message: error.message || error.name,
    ...(isOneOf(stage, STAGES) && { stage }),
    ...(typeof hint === 'string' && { hint }),
    ...(typeof exit === 'object' && exit !== null && { exit: exit as ProcessExit }),
    ...(Array.isArray(stderr) && { stderr: stderr.map(String) }),
  }
}

/** What travelled, as it is thrown to the asker: with `exit` and `stderr` of the new process where they came. */
export function errorOf({ code, message, stage, hint, exit, stderr }: Failure): RestartError {
  const error = new RestartError(message, { code, stage, hint })
  return Object.assign(error, exit && { exit }, stderr && { stderr })
}
