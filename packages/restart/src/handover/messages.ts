import { RestartError } from '../errors/restart-error.js'

/** The version of what two generations say to each other. */
export const HANDOVER_PROTOCOL = 1

/** The only thing about a restart that travels in the environment. */
export const CHANNEL_VARIABLE = 'RESTART_CHANNEL_FD'

/** Where the next version finds its end of the channel. */
export const CHANNEL_FD = 3

/** Descriptors that are handed over under one name. */
export interface Belonging {
  kind: 'listen' | 'keep' | 'state'
  name: string
  count: number
  /** A service manager opened the socket, and chose its address. */
  managed?: true | undefined
}

/** A version that still finishes its work. */
export interface OlderVersion {
  pid: number
  generation: number
  /** How long it has been at it. */
  sinceMs: number
  /** It has done its work, and its process lives on. */
  hasDrained: boolean
}

/** What the next version says. */
export type SuccessorMessage =
  | { type: 'hello'; protocol: number; pid: number }
  | { type: 'accept'; count: number }
  | { type: 'refuse'; needed: number; free: number }
  | { type: 'received'; count: number }
  | { type: 'heartbeat'; extendMs: number }
  | { type: 'ready'; claimed: string[] }
  | { type: 'fail'; message: string; code?: string | undefined }
  | { type: 'committed' }

/** What the running version says before the hand-over is complete. */
export type PredecessorMessage =
  | { type: 'welcome'; protocol: number; pid: number; generation: number; coordination?: string | undefined }
  | { type: 'offer'; belongings: Belonging[] }
  | { type: 'descriptors' }
  | { type: 'begin'; state: { version: number; bytes: number } | null }
  | { type: 'hold'; holdMs: number }
  | { type: 'commit'; coordination: boolean; generations: OlderVersion[] }
  | { type: 'own' }
  | { type: 'retire'; message: string }
  | { type: 'cancel'; code: string; message: string }

type Shape = Record<string, (value: unknown) => boolean>

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isText = (value: unknown) => typeof value === 'string'
const isTextOrNone = (value: unknown) => value === undefined || isText(value)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
const isListOf = (item: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(item)

const kinds: readonly unknown[] = ['listen', 'keep', 'state']
const isBelonging = (value: unknown) =>
  isObject(value) &&
  kinds.includes(value.kind) &&
  isText(value.name) &&
  isCount(value.count) &&
  (value.managed === undefined || value.managed === true)
const isGeneration = (value: unknown) =>
  isObject(value) &&
  isCount(value.pid) &&
  isCount(value.generation) &&
  isCount(value.sinceMs) &&
  typeof value.hasDrained === 'boolean'
const isState = (value: unknown) =>
  value === null || (isObject(value) && isCount(value.version) && isCount(value.bytes))

const successorShapes: Record<SuccessorMessage['type'], Shape> = {
  hello: { protocol: isCount, pid: isCount },
  accept: { count: isCount },
  refuse: { needed: isCount, free: isCount },
  received: { count: isCount },
  heartbeat: { extendMs: isCount },
  ready: { claimed: isListOf(isText) },
  fail: { message: isText, code: isTextOrNone },
  committed: {},
}

const predecessorShapes: Record<PredecessorMessage['type'], Shape> = {
  welcome: { protocol: isCount, pid: isCount, generation: isCount, coordination: isTextOrNone },
  offer: { belongings: isListOf(isBelonging) },
  descriptors: {},
  begin: { state: isState },
  hold: { holdMs: isCount },
  commit: { coordination: (value) => typeof value === 'boolean', generations: isListOf(isGeneration) },
  own: {},
  retire: { message: isText },
  cancel: { code: isText, message: isText },
}

/** Throws `ERR_RESTART_PROTOCOL` for what the next version never says. */
export function readSuccessorMessage(message: object): SuccessorMessage {
  return read(message, successorShapes, 'the new version') as SuccessorMessage
}

/** Throws `ERR_RESTART_PROTOCOL` for what the running version never says. */
export function readPredecessorMessage(message: object): PredecessorMessage {
  return read(message, predecessorShapes, 'the running version') as PredecessorMessage
}

function read(message: object, shapes: Record<string, Shape>, who: string): unknown {
  const { type } = message as { type?: unknown }
  const shape = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined
  if (!shape) throw protocolError(`${who} sent a message of an unknown type: ${excerpt(message)}`)
  for (const [field, fits] of Object.entries(shape)) {
    if (!fits((message as Record<string, unknown>)[field])) {
      throw protocolError(`${who} sent "${type as string}" with a wrong ${field}: ${excerpt(message)}`)
    }
  }
  return message
}

export function protocolError(message: string, cause?: unknown): RestartError {
  return new RestartError(message, {
    code: 'ERR_RESTART_PROTOCOL',
    hint: 'Both versions must leave the channel (descriptor 3) to @slatfatf/restart',
    cause,
  })
}

function excerpt(message: object): string {
  const text = JSON.stringify(message)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
