import { closeAll } from '../channel/assembler.js'
import { checkWaitOptions, type WaitOptions, waitOptionNames } from '../channel/bounded-wait.js'
import { MAX_DESCRIPTORS_PER_MESSAGE } from '../channel/channel-binding.js'
import { tooManyDescriptors } from '../channel/channel-error.js'
import { freeDescriptors } from '../descriptor/free-descriptors.js'
import { checkKnown, invalidType, invalidValue } from '../errors/invalid-argument.js'
import { isRestartError } from '../errors/restart-error.js'
import type { CompanionExchange, ReceivedSet } from './companion-exchange.js'
import { openParked, park } from './park.js'
import { checkDescriptors, type Parked } from './parked.js'

/** As systemd's store has it, so that one program can use either. */
const mostNameBytes = 255

const defaultTimeoutMs = 10_000

/**
 * A process of its own that holds descriptors for this one and its successors: crash safety without a service manager.
 *
 * What it was given stays open whatever happens to this process, SIGKILL included, until somebody takes it, forgets it, or
 * leaves by `close` as the last one. It holds duplicates: connections do not end for the peer, and ports do not become
 * free, when this process closes its own; `forget` them then.
 *
 * Any number of processes of the same user may be connected at a time, as the old and the new one are in a restart.
 *
 * It does not survive what ends all processes of a container or of a service: a service manager that kills the control
 * group (systemd's KillMode=control-group) takes it too. Use the manager's store there.
 *
 * Requests go one after the other; each takes `signal` and `timeoutMs` (default 10,000). One that is given up closes the
 * connection, and what was kept before stays.
 */
export class Companion {
  readonly path: string
  readonly pid: number
  readonly #exchange: CompanionExchange

  /** @internal */
  constructor(path: string, pid: number, exchange: CompanionExchange) {
    this.path = path
    this.pid = pid
    this.#exchange = exchange
  }

  /**
   * Resolves when the connection is over: closed, taken by somebody, or the companion was killed. In the last case nothing
   * is safe any more: open another, and keep again. Waiting for it does not hold the process open.
   */
  get ended(): Promise<void> {
    return this.#exchange.ended
  }

  /**
   * Lets the companion hold these descriptors under a name, instead of what it held under it before.
   *
   * Resolves when it has them; yours stay yours. More than 253 of them are parked in two (see `park`).
   * `name`: up to 255 bytes, no colon, no control characters. An empty array is `forget`.
   *
   * Costs one exchange with the companion, below 2 ms on a busy machine, and some 0.2 µs a descriptor.
   *
   * Throws a {@link RestartError}: `EBADF`, `ERR_RESTART_COMPANION_GONE`, `ERR_RESTART_DESCRIPTORS_LOST` (the companion is at
   * its own limit; it holds what it held before), `ERR_RESTART_TIMED_OUT`.
   */
  async keep(name: string, fds: readonly number[], options: WaitOptions = {}): Promise<void> {
    checkName(name)
    checkDescriptors(fds)
    if (fds.length === 0) {
      await this.forget(name, options)
      return
    }
    const wait = checkWait(options)
    const kept = [...fds]
    const parked = parkMany(kept, name)
    try {
      const request = { type: 'keep', name, parked: parked !== undefined, count: kept.length } as const
      await this.#exchange.ask(request, parked?.ends ?? kept, wait)
    } finally {
      parked?.close()
    }
  }

  /** Lets the companion close what it holds under this name; false if there was nothing. Throws as `keep` does. */
  async forget(name: string, options: WaitOptions = {}): Promise<boolean> {
    checkName(name)
    const { found } = await this.#exchange.ask({ type: 'forget', name }, [], checkWait(options))
    return found
  }

  /** How many descriptors are held under each name, without opening any. */
  async list(options: WaitOptions = {}): Promise<Map<string, number>> {
    const { sets } = await this.#exchange.ask({ type: 'list' }, [], checkWait(options))
    return new Map(sets.map(({ name, count }) => [name, count]))
  }

  /**
   * Duplicates of everything, in the order in which it was kept. The companion goes on holding its own, so that a program
   * that starts with this is safe from the first moment on.
   *
   * Throws a {@link RestartError}, with nothing opened: `ERR_RESTART_TOO_MANY_DESCRIPTORS`, `ERR_RESTART_COMPANION_GONE`,
   * `ERR_RESTART_TIMED_OUT`.
   */
  async copy(options: WaitOptions = {}): Promise<Map<string, number[]>> {
    const wait = checkWait(options)
    const counts = [...(await this.list(wait)).values()]
    const needed = counts.reduce((sum, count) => sum + count, 0)
    // Parked ones are open twice for a moment: as two ends each.
    const free = freeDescriptors() - 2 * counts.length
    if (needed > free) throw tooManyDescriptors('This process', needed, Math.max(0, free))
    const { sets } = await this.#exchange.ask({ type: 'copy' }, [], wait)
    return unpackAll(sets)
  }

  /**
   * Everything, and the companion ends, since nobody needs it any more.
   *
   * It lets go only when all is here: a process that dies in between has taken nothing. No other process may keep
   * anything meanwhile: it would end with the companion. Throws as `copy` does, and the companion goes on then.
   */
  async take(options: WaitOptions = {}): Promise<Map<string, number[]>> {
    const taken = await this.copy(options)
    try {
      await this.#exchange.ask({ type: 'release' }, [], checkWait(options))
      await this.#exchange.awaitEnd()
    } catch {
      // All is here, and a companion that does not answer may have let go: nobody else may have it any more.
      await this.close()
    }
    return taken
  }

  /**
   * Leaves on purpose. If no other process is connected the companion closes all that it holds, and ends; to let it wait
   * for the next process, exit without calling this. Harmless when repeated.
   */
  async close(): Promise<void> {
    await this.#exchange.leave()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function parkMany(fds: readonly number[], label: string): Parked | undefined {
  if (fds.length <= MAX_DESCRIPTORS_PER_MESSAGE) return undefined
  try {
    return park(fds, { label })
  } catch (error) {
    // No room in queues: then in the companion's own table.
    if (isRestartError(error) && error.code === 'ETOOMANYREFS') return undefined
    throw error
  }
}

function unpackAll(sets: readonly ReceivedSet[]): Map<string, number[]> {
  const unpacked = new Map<string, number[]>()
  let done = 0
  try {
    for (const { name, parked, fds } of sets) {
      unpacked.set(name, parked ? copyParked(fds) : fds)
      done += 1
    }
    return unpacked
  } catch (error) {
    for (const fds of unpacked.values()) closeAll(fds)
    for (const { fds } of sets.slice(done)) closeAll(fds)
    throw error
  }
}

/** The ends are closed only if it succeeds. */
function copyParked(ends: readonly number[]): number[] {
  const parked = openParked(ends)
  const fds = parked.copy()
  parked.close()
  return fds
}

function checkWait(options: WaitOptions): WaitOptions {
  checkKnown('options', options, waitOptionNames)
  checkWaitOptions(options)
  return { signal: options.signal, timeoutMs: options.timeoutMs ?? defaultTimeoutMs }
}

function checkName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  const allowed = name !== '' && Buffer.byteLength(name) <= mostNameBytes && !/[:\p{Cc}]/u.test(name)
  if (!allowed) {
    throw invalidValue('name', `1 to ${mostNameBytes} bytes without colons and control characters`, name)
  }
}
