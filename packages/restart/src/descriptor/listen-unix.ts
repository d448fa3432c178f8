import { lstatSync, rmSync, unlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { binding } from '../binding.js'
import { checkWaitOptions, type WaitOptions } from '../channel/bounded-wait.js'
import { checkInteger, checkKnown } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'
import { checkUnixAddress } from './listen-address.js'
import { listenRefusal } from './listen-refusal.js'

/** Options of {@link listenUnix}. */
export interface ListenUnixOptions extends WaitOptions {
  /** Permission bits. Default: 0o600. */
  mode?: number | undefined
  /** Default: 511, as Node's. */
  backlog?: number | undefined
}

export const DEFAULT_BACKLOG = 511

/** Whoever has the lock needs it for less than a millisecond, unless it was stopped in the middle. */
const LOCK_TIMEOUT_MS = 5_000
const LOCK_RETRY_MS = 2

/**
 * Listens on a path, and resolves with the descriptor, which is the caller's.
 *
 * The path has exactly `mode` before anybody can connect, whatever the umask, and is never more open. A stale socket at the
 * path is replaced, one that somebody listens on never; of two processes that begin at once only one wins. Anything else
 * at the path stays. While it is at work there is a lock file beside the path.
 *
 * @throws {RestartError} `EADDRINUSE` (somebody listens there), `EACCES`, `ENOENT`, `EROFS`, `ERR_RESTART_TIMED_OUT` (the
 * lock; default bound: 5 s).
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}, pathname socket ownership and permissions
 */
export async function listenUnix(path: string, options: ListenUnixOptions = {}): Promise<number> {
  checkKnown('options', options, ['mode', 'backlog', 'signal', 'timeoutMs'])
  checkWaitOptions(options)
  const { backlog = DEFAULT_BACKLOG } = options
  checkInteger('options.backlog', backlog, 2 ** 31 - 1)
  const address = checkUnixAddress('options', path, options.mode)
  const lockPath = `${address.path}.lock`
  try {
    const lock = await takeLock(lockPath, options)
    try {
      return replaceStale(address.path, address.mode, backlog)
    } finally {
      rmSync(lockPath, { force: true })
      binding().closeFd(lock)
    }
  } catch (error) {
    throw listenRefusal(error, address)
  }
}

/** One turn of the event loop, under the lock. */
function replaceStale(path: string, mode: number, backlog: number): number {
  try {
    return binding().listenUnix(path, mode, backlog)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found?.isSocket() === false) throw error
    if (found && isAlive(path)) throw alive(path, error)
    if (found) unlinkSync(path)
  }
  return binding().listenUnix(path, mode, backlog)
}

/**
 * Only a refusal says that the path is nobody's. A stream connection would tell more, but whoever listens would get one
 * that says nothing and is gone: servers have been brought down by less.
 */
function isAlive(path: string): boolean {
  try {
    binding().probeUnix(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED'
  }
}

async function takeLock(path: string, { signal, timeoutMs = LOCK_TIMEOUT_MS }: WaitOptions): Promise<number> {
  const end = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    try {
      return binding().lockFile(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    if (performance.now() >= end) throw locked(path, timeoutMs)
    await delay(LOCK_RETRY_MS, undefined, { signal })
  }
}

function alive(path: string, cause: unknown): RestartError {
  return new RestartError(`Cannot listen on ${path}: another process does [EADDRINUSE]`, {
    code: 'EADDRINUSE',
    errno: -constants.errno.EADDRINUSE,
    syscall: 'bind',
    hint: `See: ss -Hxlp src ${path}. If that is the running instance, ask it to restart instead`,
    cause,
  })
}

function locked(path: string, timeoutMs: number): RestartError {
  return new RestartError(`another process has held the lock on ${path} for ${timeoutMs} ms`, {
    code: 'ERR_RESTART_TIMED_OUT',
    syscall: 'flock',
    hint: `It was stopped in the middle of its start; see: fuser -v ${path}`,
  })
}
