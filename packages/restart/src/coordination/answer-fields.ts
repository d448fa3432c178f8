import { RestartError } from '../errors/restart-error.js'
import { errorOf } from './failure.js'
import { isCount, isObject, type JsonObject } from './json-object.js'
import type { Done, Refused, RestartResult } from './protocol.js'

/** The fields of an answer that is a yes. Throws the RestartError that a no stands for. */
export function requireDone(answer: Done | Refused): Done {
  if (!answer.ok) throw errorOf(answer)
  return answer
}

/** Throws RestartError `ERR_RESTART_MALFORMED` when they are not in it. */
export function resultIn(answer: Done): RestartResult {
  return {
    pid: countIn(answer, 'pid'),
    generation: countIn(answer, 'generation'),
    durationMs: isCount(answer.durationMs) ? answer.durationMs : 0,
  }
}

export function countIn(answer: Done, field: string): number {
  const value = answer[field]
  if (!isCount(value)) throw incomplete(field)
  return value
}

export function objectIn(answer: Done, field: string): JsonObject {
  const value = answer[field]
  if (!isObject(value)) throw incomplete(field)
  return value
}

function incomplete(field: string): RestartError {
  return new RestartError(`the instance did as it was asked, but its answer has no ${field}`, {
    code: 'ERR_RESTART_MALFORMED',
  })
}
