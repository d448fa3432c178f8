import { getSystemErrorName } from 'node:util'
import { binding } from '../binding.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import type { ReadinessSet } from './readiness-binding.js'

/** Bits of what happened (`sys/epoll.h`). */
export const EPOLLOUT = 0x004
export const EPOLLHUP = 0x010

export interface WatchOptions {
  /** Tell of writability too: of a socket that connects, that the handshake has ended. Default: false. */
  writable?: boolean | undefined
  /** Whether waiting holds the process open. Default: false. */
  keepsAlive?: boolean | undefined
  /** Close the descriptor if the thread ends while it waits: nobody else would. Default: false. */
  owned?: boolean | undefined
}

/** `context` is what was given to {@link watchDescriptor}: one listener can serve thousands of watches. */
export type WatchListener<Context> = (events: number, context: Context) => void

interface Readiness {
  set: ReadinessSet
  watches: Map<number, Watch<unknown>>
  events: Uint32Array
  lastToken: number
  /** How many watches hold the process open. */
  holding: number
}

let readiness: Readiness | undefined

/**
 * Calls `listener` once, when an error or a hang-up is pending on `fd` or, if asked, when it is writable.
 *
 * All watches of a thread share one epoll and one poll handle; one that nothing happens to costs no time at all, and
 * about 130 bytes of heap. Before it calls, the watch is over, so watch anew to hear of more. What a listener throws
 * goes where exceptions of timers go, and the other listeners are called all the same.
 *
 * Cancel before you close the descriptor: the kernel forgets a watch only when the last copy of the descriptor is
 * closed, and there may be one in another process.
 *
 * @throws {TfoSocketError} `EBADF`, `EEXIST` (watched already), `EPERM` (a file), `ENOSPC`, `EMFILE`.
 * @see {@link https://man7.org/linux/man-pages/man7/epoll.7.html | epoll(7)}, questions 1 and 6
 */
export function watchDescriptor<Context = undefined>(
  fd: number,
  options: WatchOptions,
  listener: WatchListener<Context>,
  ...[context]: Context extends undefined ? [] : [context: Context]
): Watch<Context> {
  readiness ??= openReadiness()
  const token = freeToken(readiness)
  const keepsAlive = options.keepsAlive === true
  const result = readiness.set.add(fd, token, options.writable === true, options.owned === true)
  if (result < 0) throw refused(`Cannot watch descriptor ${fd}`, result, 'epoll_ctl')
  const watch = new Watch(readiness, token, fd, keepsAlive, listener, context as Context)
  readiness.watches.set(token, watch as Watch<unknown>)
  if (keepsAlive) hold(readiness)
  return watch
}

/** Waiting for one descriptor; ends with its first event, or with {@link cancel}. */
export class Watch<Context = undefined> {
  readonly #readiness: Readiness
  readonly #token: number
  readonly #fd: number
  readonly #keepsAlive: boolean
  readonly #listener: WatchListener<Context>
  readonly #context: Context

  /** @internal */
  constructor(
    readiness: Readiness,
    token: number,
    fd: number,
    keepsAlive: boolean,
    listener: WatchListener<Context>,
    context: Context,
  ) {
    this.#readiness = readiness
    this.#token = token
    this.#fd = fd
    this.#keepsAlive = keepsAlive
    this.#listener = listener
    this.#context = context
  }

  /** The listener is not called from now on, not even for what has happened already. Does nothing if it is over. */
  cancel(): void {
    if (!this.#readiness.watches.delete(this.#token)) return
    this.#readiness.set.remove(this.#fd)
    if (this.#keepsAlive) letGo(this.#readiness)
  }

  /** @internal */
  deliver(events: number): void {
    this.cancel()
    this.#listener(events, this.#context)
  }
}

function openReadiness(): Readiness {
  try {
    const set = new (binding().ReadinessSet)(() => dispatch(opened))
    const opened: Readiness = {
      set,
      watches: new Map(),
      events: new Uint32Array(2 * 256),
      lastToken: 0,
      holding: 0,
    }
    return opened
  } catch (cause) {
    const { errno, syscall } = cause as NodeJS.ErrnoException
    if (errno === undefined) throw cause
    throw refused('Cannot watch descriptors', errno, syscall ?? 'epoll_create1', cause)
  }
}

function dispatch({ set, watches, events }: Readiness): void {
  const count = set.drain(events)
  for (let i = 0; i < count; i += 1) {
    // Absent if a listener before it has cancelled it.
    const watch = watches.get(events[2 * i]!)
    if (watch === undefined) continue
    try {
      watch.deliver(events[2 * i + 1]!)
    } catch (error) {
      process.nextTick(rethrow, error)
    }
  }
}

function rethrow(error: unknown): never {
  throw error
}

function freeToken(readiness: Readiness): number {
  do {
    readiness.lastToken = (readiness.lastToken + 1) >>> 0
  } while (readiness.watches.has(readiness.lastToken))
  return readiness.lastToken
}

function hold(readiness: Readiness): void {
  readiness.holding += 1
  if (readiness.holding === 1) readiness.set.ref()
}

function letGo(readiness: Readiness): void {
  readiness.holding -= 1
  if (readiness.holding === 0) readiness.set.unref()
}

function refused(what: string, errno: number, syscall: string, cause?: unknown): TfoSocketError {
  const code = getSystemErrorName(errno)
  return new TfoSocketError(`${what}: ${syscall} ${code}`, {
    code,
    errno,
    syscall,
    ...(code === 'ENOSPC' && { hint: 'This user may not watch more: sysctl fs.epoll.max_user_watches' }),
    ...(code === 'EMFILE' && { hint: 'The process may not open more descriptors: ulimit -n' }),
    ...(cause !== undefined && { cause }),
  })
}
