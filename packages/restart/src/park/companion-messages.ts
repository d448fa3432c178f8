import { companionCodes, companionError } from './companion-error.js'

// One request, then answers up to `done` or `refused`; the companion begins with `hello`.

export const companionProtocol = 1

export type CompanionRequest =
  /** With descriptors: all of the set, or, if it is parked, the two ends between which `count` wait. */
  | { type: 'keep'; name: string; parked: boolean; count: number }
  | { type: 'forget'; name: string }
  /** Answered by a `set` without descriptors for each. */
  | { type: 'list' }
  /** Answered by a `set` with descriptors for each. */
  | { type: 'copy' }
  /** The asker has everything: the companion ends. */
  | { type: 'release' }
  /** The asker goes on purpose. Without an answer. */
  | { type: 'leave' }

export type CompanionAnswer =
  | { type: 'hello'; protocol: number; pid: number }
  | { type: 'set'; name: string; parked: boolean; count: number }
  | { type: 'done'; found: boolean }
  | { type: 'refused'; code: string; text: string }

export type KeptSet = Extract<CompanionAnswer, { type: 'set' }>

type FieldType = 'string' | 'number' | 'boolean'

const requests: Record<CompanionRequest['type'], Record<string, FieldType>> = {
  keep: { name: 'string', parked: 'boolean', count: 'number' },
  forget: { name: 'string' },
  list: {},
  copy: {},
  release: {},
  leave: {},
}

const answers: Record<CompanionAnswer['type'], Record<string, FieldType>> = {
  hello: { protocol: 'number', pid: 'number' },
  set: { name: 'string', parked: 'boolean', count: 'number' },
  done: { found: 'boolean' },
  refused: { code: 'string', text: 'string' },
}

export const decodeRequest = (message: object) => decode(message, requests) as CompanionRequest

export const decodeAnswer = (message: object) => decode(message, answers) as CompanionAnswer

function decode(message: object, known: Record<string, Record<string, FieldType>>): { type: string } {
  const { type } = message as { type?: unknown }
  const fields = typeof type === 'string' && Object.hasOwn(known, type) ? known[type] : undefined
  if (fields === undefined) throw malformed(`a message of type ${JSON.stringify(type)}`)
  for (const [name, expected] of Object.entries(fields)) {
    const value = (message as Record<string, unknown>)[name]
    if (typeof value !== expected) throw malformed(`${name} of ${type} as ${typeof value}`)
  }
  return message as { type: string }
}

function malformed(what: string): Error {
  return companionError(companionCodes.malformed, `The other end sent ${what}`)
}
