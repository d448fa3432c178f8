import { setTimeout as delay } from 'node:timers/promises'
import { binding } from '../binding.js'
import { checkWaitOptions, type WaitOptions } from '../channel/bounded-wait.js'
import { type FdChannel, openChannel } from '../channel/fd-channel.js'
import { checkInteger, checkKnown } from '../errors/invalid-argument.js'
import { RestartError, systemError } from '../errors/restart-error.js'
import { checkPath } from '../state/create-mapped-file.js'
import { Companion } from './companion.js'
import { companionCodes, companionError } from './companion-error.js'
import { CompanionExchange } from './companion-exchange.js'
import { companionProtocol, decodeAnswer } from './companion-messages.js'
import { type StartedCompanion, startCompanion } from './start-companion.js'

/** Options of {@link openCompanion}. */
export interface CompanionOptions extends WaitOptions {
  /** Of its Unix socket, in a folder that is there; at most 107 bytes. A lock lies beside it, with `.lock` added. */
  readonly path: string
  /**
   * How long it holds on while no process is connected, in ms; used if it is started now. Default: 600,000, which is ten
   * minutes.
   */
  readonly orphanMs?: number | undefined
}

const retryMs = 10

/**
 * Connects to the companion at a path, or starts it if there is none.
 *
 * What a predecessor left is there: `copy` it. Exactly one companion is at a path, however many processes open it at a
 * time. Its socket has mode 0600, and both sides check who is at the other end: what another user put at the path is
 * refused, never used, and another user gets nothing. Open it with the same rights at every start: before privileges are
 * dropped, or after.
 *
 * Costs, when it is started: 0.1 to 0.3 s, and a process of Node with about 6 MiB of its own, the rest of its 40 MiB being
 * shared with other processes of the same Node. Connecting to one that runs takes some milliseconds.
 *
 * `timeoutMs` bounds the start (default 10,000).
 *
 * Throws a {@link RestartError}: `ERR_RESTART_COMPANION_FOREIGN` (another user, or another thing, is at the path),
 * `ERR_RESTART_COMPANION_FAILED` (it ended at its start, with its words), `ERR_RESTART_TIMED_OUT`, `ENOENT` (no such folder),
 * `EACCES`, `ENAMETOOLONG`.
 */
export async function openCompanion(options: CompanionOptions): Promise<Companion> {
  const { path, orphanMs, timeoutMs, signal } = checkOptions(options)
  const deadline = performance.now() + timeoutMs
  let started: StartedCompanion | undefined
  try {
    for (;;) {
      signal?.throwIfAborted()
      const left = deadline - performance.now()
      if (left <= 0) throw tooLate(path, timeoutMs)
      const channel = connect(path)
      if (typeof channel === 'object') {
        const companion = await greet(path, channel, { signal, timeoutMs: Math.ceil(left) }, started)
        if (companion !== undefined) return companion
      }
      // Who listens, and only has no room for one more, is not replaced.
      const lock = channel === 'full' ? undefined : tryLock(`${path}.lock`)
      if (lock !== undefined) {
        started?.forget()
        started = await startCompanion(path, lock, orphanMs)
      } else {
        // Another process starts it just now, or it is about to end.
        await delay(retryMs, undefined, { signal })
      }
    }
  } finally {
    started?.forget()
  }
}

/** Undefined: nobody is there, or not yet. */
function connect(path: string): FdChannel | 'full' | undefined {
  let fd: number
  try {
    fd = binding().connectQueue(path)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EAGAIN') return 'full'
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    if (['EPROTOTYPE', 'ENOTSOCK'].includes(code)) {
      throw companionError(companionCodes.foreign, `There is something else at ${path}`, error)
    }
    throw systemError(error, `connect to the companion at ${path}`)
  }
  try {
    requireOwn(path, fd)
    return openChannel(fd)
  } catch (error) {
    binding().closeFd(fd)
    throw error
  }
}

function requireOwn(path: string, fd: number): void {
  const { uid } = binding().peerCredentials(fd)
  const own = process.geteuid?.()
  if (uid === own) return
  throw companionError(
    companionCodes.foreign,
    `The companion at ${path} belongs to user ${uid}, this process is user ${own}`,
  )
}

/** Undefined: it was about to end. */
async function greet(
  path: string,
  channel: FdChannel,
  wait: { signal: AbortSignal | undefined; timeoutMs: number },
  started: StartedCompanion | undefined,
): Promise<Companion | undefined> {
  try {
    const received = await channel.receive(wait)
    if (received === undefined) {
      channel.close()
      // It was ours: then its own words follow.
      if (started !== undefined)
        await Promise.race([started.failed, delay(wait.timeoutMs, undefined, { ref: false })])
      return undefined
    }
    const answer = 'message' in received ? decodeAnswer(received.message) : undefined
    if (answer?.type !== 'hello' || answer.protocol !== companionProtocol) {
      throw companionError(companionCodes.malformed, `The companion at ${path} greets in another language`)
    }
    return new Companion(path, answer.pid, new CompanionExchange(channel))
  } catch (error) {
    channel.close()
    throw error
  }
}

function tryLock(path: string): number | undefined {
  try {
    return binding().lockFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw systemError(
      error,
      `lock ${path}`,
      'The folder of the companion must be there, and this user must be able to write to it',
    )
  }
}

function tooLate(path: string, timeoutMs: number): RestartError {
  return new RestartError(`no companion answered at ${path} within ${timeoutMs} ms [ERR_RESTART_TIMED_OUT]`, {
    code: 'ERR_RESTART_TIMED_OUT',
    hint: `Look who holds ${path}.lock: fuser, lslocks`,
  })
}

function checkOptions(options: CompanionOptions) {
  checkKnown('options', options, ['path', 'orphanMs', 'signal', 'timeoutMs'])
  const { path, orphanMs = 600_000, timeoutMs = 10_000, signal } = options
  checkPath('options.path', path)
  checkInteger('options.orphanMs', orphanMs, 0x7fff_ffff)
  checkWaitOptions({ signal, timeoutMs })
  return { path, orphanMs, timeoutMs, signal }
}
