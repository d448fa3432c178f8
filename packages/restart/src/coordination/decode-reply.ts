import { RestartError } from '../errors/restart-error.js'
import { isCount, isObject, isOneOf, type JsonObject, parseObject } from './json-object.js'
import {
  type Done,
  type Hello,
  PROTOCOL_VERSION,
  type ProcessExit,
  type Progress,
  type Refused,
  type Reply,
  STAGES,
} from './protocol.js'

/**
 * Reads what an instance sent. Fields that it does not know are ignored, and so is a message of an unknown type or
 * stage: `undefined`.
 *
 * Throws RestartError `ERR_RESTART_MALFORMED`, `ERR_RESTART_VERSION`.
 */
export function decodeReply(payload: Uint8Array): Reply | undefined {
  const fields = parseObject(payload)
  if (typeof fields === 'string') throw misspoken(`it answered with ${fields}`)
  const { version, type } = fields
  if (!isCount(version)) throw misspoken('its answer had no version')
  if (version !== PROTOCOL_VERSION) {
    const words = typeof fields.message === 'string' ? `: ${fields.message}` : ''
    throw new RestartError(
      `the instance speaks version ${version} of the protocol, this is version ${PROTOCOL_VERSION}${words}`,
      {
        code: 'ERR_RESTART_VERSION',
        hint: 'Ask with the version of the package that the instance runs',
      },
    )
  }
  switch (type) {
    case 'hello':
      return hello(fields)
    case 'progress':
      return progressReply(fields)
    case 'answer':
      return answer(fields)
    default:
      return undefined
  }
}

function hello({ versions, pid, generation }: JsonObject): Hello {
  if (!isCount(pid) || !isCount(generation)) throw misspoken('its hello had no pid and generation')
  const spoken = Array.isArray(versions) ? versions.filter(isCount) : []
  return { type: 'hello', versions: spoken, pid, generation }
}

function progressReply(fields: JsonObject): ({ type: 'progress'; id: number } & Progress) | undefined {
  if (!isCount(fields.id)) throw misspoken('its progress was for no request')
  const { stage, pid, generation, sockets, remainingMs, message } = fields
  if (!isOneOf(stage, STAGES)) return undefined
  return {
    type: 'progress',
    id: fields.id,
    stage,
    ...(isCount(pid) && { pid }),
    ...(isCount(generation) && { generation }),
    ...(isCount(sockets) && { sockets }),
    ...(isCount(remainingMs) && { remainingMs }),
    ...(typeof message === 'string' && { message }),
  }
}

function answer(fields: JsonObject): { type: 'answer'; id: number | null } & (Done | Refused) {
  const { ok } = fields
  const id = isCount(fields.id) ? fields.id : null
  if (ok === true && id !== null) {
    const { version: _, type: __, ...rest } = fields
    return { ...rest, type: 'answer', id, ok }
  }
  if (ok !== false) throw misspoken('its answer was neither yes nor no')
  const { code, message, stage, hint, exit, stderr, again } = fields
  if (typeof code !== 'string' || typeof message !== 'string') throw misspoken('its refusal had no words')
  return {
    type: 'answer',
    id,
    ok,
    code,
    message,
    ...(isOneOf(stage, STAGES) && { stage }),
    ...(typeof hint === 'string' && { hint }),
    ...(isExit(exit) && { exit: { code: exit.code, signal: exit.signal } }),
    ...(Array.isArray(stderr) && { stderr: stderr.filter((line) => typeof line === 'string') }),
    ...(again === true && { again }),
  }
}

function isExit(value: unknown): value is ProcessExit & JsonObject {
  if (!isObject(value)) return false
  const { code, signal } = value
  return (code === null || isCount(code)) && (signal === null || typeof signal === 'string')
}

function misspoken(what: string): RestartError {
  return new RestartError(`what answered does not speak the restart protocol: ${what}`, {
    code: 'ERR_RESTART_MALFORMED',
    hint: 'Is the path that of the coordination socket?',
  })
}
