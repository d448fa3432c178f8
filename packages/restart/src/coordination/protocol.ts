/** The version of the wire format that this package speaks. */
export const PROTOCOL_VERSION = 1

/** The most bytes of JSON in one frame. */
export const MAX_MESSAGE_BYTES = 65_536

/**
 * How far a restart is. An asker sees them in this order, and may miss some.
 *
 * `validating` and `connecting` happen in the asker, all others in the instance that is asked: the new process is
 * begun (`spawning`), starts up (`starting`), is given sockets and state (`handing-over`), is waited for (`waiting`),
 * serves while the old one could still take back (`holding`), has taken over (`ready`).
 */
export type Stage = (typeof STAGES)[number]

/** All stages, in order. */
export const STAGES = [
  'validating',
  'connecting',
  'spawning',
  'starting',
  'handing-over',
  'waiting',
  'holding',
  'ready',
] as const

/** What is known beside the stage; each field is there when it says something. */
export interface ProgressDetails {
  /** The new process. */
  pid?: number | undefined
  /** The generation that the new process will be. */
  generation?: number | undefined
  /** How many sockets are handed over. */
  sockets?: number | undefined
  /** The time that is left until the new process must be ready, or until it is on its own. */
  remainingMs?: number | undefined
  /** A sentence for people, of the new process or about it. */
  message?: string | undefined
}

/** One step of a restart, as the asker hears of it. */
export interface Progress extends ProgressDetails {
  stage: Stage
}

/** A restart that went well. */
export interface RestartResult {
  /** The process that serves now. */
  pid: number
  /** Which one it is since the service began: 0, 1, 2 … */
  generation: number
  /** From the request until it had taken over. */
  durationMs: number
}

/** How a process ended: one of the two is `null`. */
export interface ProcessExit {
  code: number | null
  signal: string | null
}

/**
 * What is done with who asks for a restart while one runs.
 *
 * - `share`: all get the answer of the one that runs. It may have read its configuration before the last change of it:
 *   `beganBeforeMs` in the answer tells.
 * - `wait`: after the one that runs comes one more, shared by all that wait.
 * - `refuse`: `ERR_RESTART_BUSY`.
 */
export type Busy = (typeof BUSY)[number]

export const BUSY = ['share', 'wait', 'refuse'] as const

/** What an asker may send, beside `version` and `id`. */
export type Request =
  | { type: 'restart'; busy?: Busy | undefined }
  | { type: 'status' }
  | { type: 'stop'; drainTimeoutMs?: number | undefined }
  | { type: 'rollback' }
  | { type: 'ping' }

export type RequestType = Request['type']

export const REQUEST_TYPES = ['restart', 'status', 'stop', 'rollback', 'ping'] as const

/** What went wrong, as it travels. */
export interface Failure {
  code: string
  message: string
  /** Absent when it has nothing to do with a restart. */
  stage?: Stage | undefined
  hint?: string | undefined
  /** How the new process ended. */
  exit?: ProcessExit | undefined
  /** The last lines that the new process wrote to its standard error. */
  stderr?: readonly string[] | undefined
}

/** The answer to a request that was done; its other fields are those of {@link Answers}. */
export interface Done {
  ok: true
  [field: string]: unknown
}

/** The answer to a request that was not. */
export interface Refused extends Failure {
  ok: false
  /** With `ERR_RESTART_BUSY`: the restart that was in the way is over, ask again. */
  again?: boolean | undefined
}

/** What the instance sends first, to whom it will listen. */
export interface Hello {
  type: 'hello'
  /** All versions that it speaks. */
  versions: readonly number[]
  pid: number
  generation: number
}

/** What an instance sends. An answer without an id is about the connection: it is closed afterwards. */
export type Reply =
  | Hello
  | ({ type: 'progress'; id: number } & Progress)
  | ({ type: 'answer'; id: number | null } & (Done | Refused))
