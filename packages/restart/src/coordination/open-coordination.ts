import { binding } from '../binding.js'
import type { PeerCredentials } from '../channel/channel-binding.js'
import { listenUnix } from '../descriptor/listen-unix.js'
import {
  checkFunction,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import { isRestartError, RestartError } from '../errors/restart-error.js'
import { Acceptor, BACKLOG } from './acceptor.js'
import type { CoordinationHandler } from './coordination-handler.js'
import { checkSocketPath } from './coordination-path.js'
import { CoordinationServer, type CoordinationSettings } from './coordination-server.js'
import { checkDuration } from './duration.js'
import { isOneOf } from './json-object.js'
import { BUSY, type Busy } from './protocol.js'

/** Options of {@link openCoordination}. */
export interface CoordinationOptions {
  /** Of the socket: at most 107 bytes when it is made absolute. */
  path: string
  handler: CoordinationHandler
  /** Of the socket's file, from its first moment. Default 0o600: its owner and root. */
  mode?: number | undefined
  /** Who may ask. Default: the user that this process is, and root. */
  allow?: ((peer: PeerCredentials) => boolean) | undefined
  /** For askers that do not say what they want while a restart runs. Default `share`. */
  busy?: Busy | undefined
  /** How long a connection may ask nothing, and take to read its answer. Default 5,000 ms. */
  askTimeoutMs?: number | undefined
  /** How many may be connected. Default 64: one more takes the place of who asks nothing, else it is refused. */
  maxAskers?: number | undefined
}

/** Options of {@link adoptCoordination}. */
export interface AdoptCoordinationOptions extends Omit<CoordinationOptions, 'mode'> {
  /** The listening socket. It is this process's to close from now on, also if this fails. */
  fd: number
}

/**
 * Listens on a coordination socket: what is asked there, `handler` does.
 *
 * The socket has its mode from the moment that it has a name. What a dead instance left at the path is replaced; what
 * somebody listens on is never taken away, and what is no socket is never removed.
 *
 * Throws RestartError `ERR_RESTART_ALREADY_RUNNING`, `EADDRINUSE` (the path is something else), `ENOENT`, `EACCES` and
 * other errnos, `ERR_UNSUPPORTED_PLATFORM`; TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE`.
 */
export async function openCoordination(options: CoordinationOptions): Promise<CoordinationServer> {
  checkKnown('options', options, [...SHARED_OPTIONS, 'mode'])
  const settings = settingsOf(options)
  const { mode = 0o600 } = options
  checkInteger('mode', mode, 0o777)
  let fd: number
  try {
    fd = await listenUnix(settings.path, { mode, backlog: BACKLOG })
  } catch (error) {
    throw whoListens(settings.path, error)
  }
  return serve(fd, settings)
}

/**
 * Goes on with the coordination socket of a predecessor, whose `fd` came with the other descriptors.
 *
 * Those who have connected meanwhile are heard now.
 *
 * Throws RestartError `ERR_RESTART_NOT_A_LISTEN_SOCKET`, `ERR_UNSUPPORTED_PLATFORM`; TypeError `ERR_INVALID_ARG_TYPE`,
 * RangeError `ERR_INVALID_ARG_VALUE`.
 */
export async function adoptCoordination(options: AdoptCoordinationOptions): Promise<CoordinationServer> {
  checkKnown('options', options, [...SHARED_OPTIONS, 'fd'])
  const { fd } = options
  checkInteger('fd', fd, 2 ** 31 - 1)
  let settings: CoordinationSettings
  try {
    settings = settingsOf(options)
    checkListener(fd)
  } catch (error) {
    closeQuietly(fd)
    throw error
  }
  return serve(fd, settings)
}

function checkListener(fd: number): void {
  const description = binding().describeFd(fd)
  if (
    description.kind === 'socket' &&
    description.family === 'unix' &&
    description.type === 'stream' &&
    description.listening
  ) {
    return
  }
  throw new RestartError(`descriptor ${fd} is no listening Unix socket`, {
    code: 'ERR_RESTART_NOT_A_LISTEN_SOCKET',
  })
}

const SHARED_OPTIONS = ['path', 'handler', 'allow', 'busy', 'askTimeoutMs', 'maxAskers']

const HANDLER_METHODS = ['identity', 'restart', 'status', 'stop', 'rollback'] as const

function settingsOf(options: Omit<CoordinationOptions, 'mode'>): CoordinationSettings {
  const { handler, allow = isSelfOrRoot, busy = 'share', askTimeoutMs = 5_000, maxAskers = 64 } = options
  const path = checkSocketPath(options.path)
  if (typeof handler !== 'object' || handler === null) throw invalidType('handler', 'an object', handler)
  for (const method of HANDLER_METHODS) checkFunction(`handler.${method}`, handler[method])
  checkFunction('allow', allow)
  if (!isOneOf(busy, BUSY)) throw invalidValue('busy', `one of ${BUSY.join(', ')}`, busy)
  checkDuration('askTimeoutMs', askTimeoutMs)
  checkInteger('maxAskers', maxAskers, 10_000)
  if (maxAskers === 0) throw invalidValue('maxAskers', 'at least 1', maxAskers)
  return { path, handler, allow, busy, askTimeoutMs, maxAskers }
}

function isSelfOrRoot({ uid }: PeerCredentials): boolean {
  return uid === 0 || uid === process.geteuid?.()
}

function serve(fd: number, settings: CoordinationSettings): CoordinationServer {
  let acceptor: Acceptor | undefined
  try {
    acceptor = new Acceptor(fd)
    return new CoordinationServer(acceptor, settings)
  } catch (error) {
    if (acceptor === undefined) closeQuietly(fd)
    else acceptor.close(false)
    throw error
  }
}

/** Names who is in the way, if somebody is. */
function whoListens(path: string, error: unknown): unknown {
  if (!isRestartError(error) || error.code !== 'EADDRINUSE') return error
  const pid = listenerOf(path)
  if (pid === undefined) return error
  const who = pid > 0 ? `process ${pid}` : 'another process'
  return new RestartError(`${path} is the coordination socket of a running instance: ${who} listens there`, {
    code: 'ERR_RESTART_ALREADY_RUNNING',
    hint: `Ask it to restart instead of starting a second one, or stop it first`,
    cause: error,
  })
}

/** The process that listens at `path`, 0 if it cannot be told which; `undefined` if nobody does. */
function listenerOf(path: string): number | undefined {
  const { connectUnix, peerCredentials } = binding()
  let fd: number
  try {
    fd = connectUnix(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : undefined
  }
  try {
    return peerCredentials(fd).pid
  } catch {
    return 0
  } finally {
    closeQuietly(fd)
  }
}

function closeQuietly(fd: number): void {
  try {
    binding().closeFd(fd)
  } catch {
    // What is closed already, or was never a descriptor, need not be closed.
  }
}
