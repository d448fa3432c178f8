import { MAX_DURATION_MS } from './duration.js'
import { isCount, isOneOf, parseObject } from './json-object.js'
import { BUSY, type Failure, PROTOCOL_VERSION, REQUEST_TYPES, type Request } from './protocol.js'

/** A request that can be done. */
export interface AcceptedRequest {
  id: number
  request: Request
}

/** One that cannot; `id` is null if it has none that can be answered. */
export interface RefusedRequest {
  id: number | null
  failure: Failure
}

/** Reads what an asker sent. Fields that it does not know are ignored. Never throws. */
export function decodeRequest(payload: Uint8Array): AcceptedRequest | RefusedRequest {
  const fields = parseObject(payload)
  if (typeof fields === 'string') return refuse(null, 'ERR_RESTART_MALFORMED', `a request was ${fields}`)
  const id = isCount(fields.id) ? fields.id : null
  const { version, type, busy, drainTimeoutMs } = fields
  if (!isCount(version)) {
    return refuse(id, 'ERR_RESTART_MALFORMED', 'a request had no version, which is a whole number')
  }
  if (version !== PROTOCOL_VERSION) {
    return refuse(
      id,
      'ERR_RESTART_VERSION',
      `this instance speaks version ${PROTOCOL_VERSION} of the protocol, and was asked in version ${version}`,
      'Ask with the version of the package that the instance runs',
    )
  }
  if (id === null) return refuse(id, 'ERR_RESTART_MALFORMED', 'a request had no id, which is a whole number')
  if (!isOneOf(type, REQUEST_TYPES)) {
    const named = typeof type === 'string' ? `'${type.slice(0, 40)}'` : 'without a type'
    return refuse(
      id,
      'ERR_RESTART_UNKNOWN_REQUEST',
      `this instance knows no request ${named}; it knows ${REQUEST_TYPES.join(', ')}`,
      'The instance may run an older version of the package',
    )
  }
  if (type === 'restart') {
    if (busy === undefined) return { id, request: { type } }
    if (isOneOf(busy, BUSY)) return { id, request: { type, busy } }
    return refuse(id, 'ERR_RESTART_MALFORMED', `busy was none of ${BUSY.join(', ')}`)
  }
  if (type === 'stop') {
    if (drainTimeoutMs === undefined) return { id, request: { type } }
    if (isCount(drainTimeoutMs) && drainTimeoutMs <= MAX_DURATION_MS) {
      return { id, request: { type, drainTimeoutMs } }
    }
    return refuse(
      id,
      'ERR_RESTART_MALFORMED',
      `drainTimeoutMs was not a whole number from 0 to ${MAX_DURATION_MS}`,
    )
  }
  return { id, request: { type } }
}

function refuse(id: number | null, code: string, message: string, hint?: string): RefusedRequest {
  return { id, failure: { code, message, hint } }
}
