import { resolve } from 'node:path'
import type { PeerCredentials } from '../channel/channel-binding.js'
import { checkSocketPath } from '../coordination/coordination-path.js'
import { checkDuration } from '../coordination/duration.js'
import { isOneOf } from '../coordination/json-object.js'
import { BUSY, type Busy } from '../coordination/protocol.js'
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'

/** What the application leaves to its next version. */
export interface SavedState {
  bytes?: Uint8Array | undefined
  /** By name; the next version gets duplicates, these stay yours. */
  fds?: Readonly<Record<string, readonly number[]>> | undefined
}

/** What the application leaves to its next version at each restart. */
export interface StateOptions {
  /** Which shape `save` gives its bytes; the next version finds it in `before.state.version`. 0 to 4,294,967,295. */
  version: number
  /**
   * Called at each restart when the next version is there, while this one still serves. `signal` fires when the result is
   * not wanted any more.
   */
  save(options: { signal: AbortSignal }): SavedState | Promise<SavedState>
  /**
   * Called once if the restart fails after `save` was called, whether that was done or not, and when the failed version is
   * gone: what `save` has closed or flushed is yours again.
   */
  undo?: ((cause: Error) => void | Promise<void>) | undefined
  /** A larger state fails the restart. Default: 16 MiB. */
  maxBytes?: number | undefined
  /** A `save` that takes longer fails the restart. Default: 10,000. */
  timeoutMs?: number | undefined
}

/** How the next version is started; what is left out is as it was for this process. */
export interface CommandOptions {
  /** Default: this Node, or what replaced it at the same path. */
  file?: string | undefined
  /** Default: the options of Node, the script and the arguments of this process; none with `file`. */
  args?: readonly string[] | undefined
  /** Default: where this process was started; a symbolic link that led there is followed anew. */
  cwd?: string | undefined
  /** Added to the environment that this process was started with; undefined removes. */
  env?: Readonly<Record<string, string | undefined>> | undefined
}

/** Options of `openInstance`; all may be left out. Durations are in milliseconds. */
export interface InstanceOptions {
  /** For people: status, messages. Default: `service`. */
  name?: string | undefined
  /** The socket on which restarts are asked for; see {@link openCoordination}. Default: none. */
  coordination?:
    | {
        path: string
        mode?: number | undefined
        allow?: ((peer: PeerCredentials) => boolean) | undefined
        busy?: Busy | undefined
        askTimeoutMs?: number | undefined
      }
    | undefined
  /** How the next version is started. Default: as this process was. */
  command?: CommandOptions | undefined
  /** From its start until the next version calls `ready()`. Default: 30,000. */
  readyTimeoutMs?: number | undefined
  /** How long this version can still take the service back after the next one is ready. Default: 0. */
  holdMs?: number | undefined
  /** How long work may take to end. Default: 30,000. */
  drainTimeoutMs?: number | undefined
  /**
   * How many older versions may finish their work at a time; beyond it the oldest is told to end, which takes it about a
   * second, and killed after 5 seconds. Default: 3.
   */
  maxDraining?: number | undefined
  /** What goes to the next version at each restart. Default: nothing. */
  state?: StateOptions | undefined
  /**
   * SIGTERM and SIGINT stop, a second one shortens, a third one kills; SIGUSR2 restarts. In force from `ready()` on; before
   * it SIGUSR2 is ignored and the others end the process. Default: true.
   */
  signals?: boolean | undefined
  /** `auto`: if there is a service manager (systemd) it is told and asked. Default: `auto`. */
  systemd?: 'auto' | false | undefined
  /** A process that keeps descriptors over a crash; see {@link openCompanion}. Default: none. */
  companion?: { path: string; orphanMs?: number | undefined } | undefined
  /** A file with the number of the process that serves. Default: none. */
  pidFile?: string | undefined
}

export interface CheckedOptions {
  name: string
  coordination: NonNullable<InstanceOptions['coordination']> | undefined
  command: CommandOptions
  readyTimeoutMs: number
  holdMs: number
  drainTimeoutMs: number
  maxDraining: number
  state: (StateOptions & { maxBytes: number; timeoutMs: number }) | undefined
  signals: boolean
  systemd: boolean
  companion: { path: string; orphanMs?: number | undefined } | undefined
  pidFile: string | undefined
}

/** The longest that a timer of Node can run. */
export const MAX_DELAY_MS = 2 ** 31 - 1

const known = [
  'name',
  'coordination',
  'command',
  'readyTimeoutMs',
  'holdMs',
  'drainTimeoutMs',
  'maxDraining',
  'state',
  'signals',
  'systemd',
  'companion',
  'pidFile',
]

/** Throws TypeError or RangeError, as the rest of the package does. */
export function checkInstanceOptions(options: InstanceOptions): CheckedOptions {
  checkKnown('options', options, known)
  const { name = 'service', coordination, command = {}, companion, pidFile } = options
  const { readyTimeoutMs = 30_000, holdMs = 0, drainTimeoutMs = 30_000, maxDraining = 3 } = options
  const { signals = true, systemd = 'auto' } = options
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  checkCommand(command)
  for (const [key, value] of Object.entries({ readyTimeoutMs, holdMs, drainTimeoutMs })) {
    checkInteger(key, value, MAX_DELAY_MS)
  }
  if (readyTimeoutMs === 0) throw invalidValue('readyTimeoutMs', 'more than 0', readyTimeoutMs)
  checkInteger('maxDraining', maxDraining, 1_000)
  checkBoolean('signals', signals)
  if (systemd !== 'auto' && systemd !== false) throw invalidValue('systemd', "'auto' or false", systemd)
  if (companion !== undefined) checkKnown('companion', companion, ['path', 'orphanMs'])
  if (pidFile !== undefined) checkPath('pidFile', pidFile)
  return {
    name,
    coordination: coordination && checkCoordination(coordination),
    command,
    readyTimeoutMs,
    holdMs,
    drainTimeoutMs,
    maxDraining,
    state: options.state && checkState(options.state),
    signals,
    systemd: systemd === 'auto',
    companion,
    // As it is now: a program may change its directory later.
    pidFile: pidFile === undefined ? undefined : resolve(pidFile),
  }
}

function checkCoordination(
  coordination: NonNullable<InstanceOptions['coordination']>,
): NonNullable<CheckedOptions['coordination']> {
  checkKnown('coordination', coordination, ['path', 'mode', 'allow', 'busy', 'askTimeoutMs'])
  const { path, mode, allow, busy, askTimeoutMs } = coordination
  if (mode !== undefined) checkInteger('coordination.mode', mode, 0o777)
  if (allow !== undefined) checkFunction('coordination.allow', allow)
  if (busy !== undefined && !isOneOf(busy, BUSY)) {
    throw invalidValue('coordination.busy', `one of ${BUSY.join(', ')}`, busy)
  }
  if (askTimeoutMs !== undefined) checkDuration('coordination.askTimeoutMs', askTimeoutMs)
  return { path: checkSocketPath(path), mode, allow, busy, askTimeoutMs }
}

function checkCommand(command: CommandOptions): void {
  checkKnown('command', command, ['file', 'args', 'cwd', 'env'])
  const { file, args, cwd, env } = command
  if (file !== undefined) checkPath('command.file', file)
  if (cwd !== undefined) checkPath('command.cwd', cwd)
  if (args !== undefined && !(Array.isArray(args) && args.every((arg) => typeof arg === 'string'))) {
    throw invalidType('command.args', 'an array of strings', args)
  }
  if (env === undefined) return
  if (typeof env !== 'object' || env === null) throw invalidType('command.env', 'an object', env)
  for (const [key, value] of Object.entries(env)) {
    if (value !== undefined && typeof value !== 'string')
      throw invalidType(`command.env.${key}`, 'a string', value)
  }
}

function checkState(state: StateOptions): StateOptions & { maxBytes: number; timeoutMs: number } {
  checkKnown('state', state, ['version', 'save', 'undo', 'maxBytes', 'timeoutMs'])
  const { version, save, undo, maxBytes = 16 * 1024 * 1024, timeoutMs = 10_000 } = state
  checkInteger('state.version', version, 2 ** 32 - 1)
  checkFunction('state.save', save)
  if (undo !== undefined) checkFunction('state.undo', undo)
  checkInteger('state.maxBytes', maxBytes, 256 * 1024 * 1024 - 32)
  checkInteger('state.timeoutMs', timeoutMs, MAX_DELAY_MS)
  return { version, save, undo, maxBytes, timeoutMs }
}

function checkPath(name: string, value: unknown): void {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  if (value === '' || value.includes('\0')) throw invalidValue(name, 'a path', value)
}

/** A name that every keeper of descriptors can keep, with a prefix of ours before it. */
export function checkName(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType('name', 'a string', value)
  if (!/^[ -9;-~]{1,200}$/.test(value)) {
    throw invalidValue('name', '1 to 200 printable ASCII characters without a colon', value)
  }
}
