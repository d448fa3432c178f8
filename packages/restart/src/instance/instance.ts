import type { InstanceStatus } from '../coordination/instance-status.js'
import type { ProgressDetails, RestartResult, Stage } from '../coordination/protocol.js'
import type { ListenAddress } from '../descriptor/listen-address.js'
import type { ListenSocket } from '../descriptor/listen-socket.js'
import type { ListenSocketOptions } from '../descriptor/open-listen-socket.js'
import type { Drain } from '../drain/drain.js'
import type { DrainReport } from '../drain/drain-report.js'
import type { DrainHook } from '../drain/hook-part.js'
import { checkInteger, checkKnown, invalidType } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'
import type { UdpResponder } from '../udp/open-udp-responder.js'
import type { UdpServer } from '../udp/open-udp-server.js'
import type { Before } from './before.js'
import type { EndReport } from './end-report.js'
import type { Beginnings } from './inherit.js'
import { publishRestart, publishTrouble } from './instance-events.js'
import { type CheckedOptions, MAX_DELAY_MS } from './instance-options.js'
import { statusOf } from './instance-status-of.js'
import { Lifecycle } from './lifecycle.js'
import { SignalHandlers } from './signal-handlers.js'

/** Options of {@link Instance.stop}. */
export interface StopOptions {
  /** A shorter bound than the instance's. */
  drainTimeoutMs?: number | undefined
  /** For the report. Default: `stop`. */
  reason?: string | undefined
}

type Progress = (stage: Stage, details?: ProgressDetails) => void

/**
 * One version of a service, from its start to its end. Made by {@link openInstance}.
 *
 * Guarantees: somebody serves at any time from the first `ready()` on; at most one next version starts at a time; whoever
 * asked for a restart gets one answer; a version that fails before it is ready changes nothing.
 *
 * It never ends the process: `ended` tells when nothing of it holds the process open any more.
 */
export class Instance implements AsyncDisposable {
  readonly name: string
  readonly pid: number = process.pid
  /** 0 after a cold start, then one more with each restart. */
  readonly generation: number
  readonly before: Before
  /** What has to end before this version may: servers, connections, work. */
  readonly drain: Drain
  /** Resolves when this version has finished its work and has let go of everything. Never rejects. */
  readonly ended: Promise<EndReport>
  readonly #lifecycle: Lifecycle
  readonly #signals: SignalHandlers | undefined
  readonly #startedAt = new Date()
  #ready: Promise<void> | undefined
  #shortened = false

  /** Use {@link openInstance}. */
  constructor(options: CheckedOptions, beginnings: Beginnings) {
    this.name = options.name
    this.generation = beginnings.generation
    this.#lifecycle = new Lifecycle(options, beginnings, {
      identity: () => ({ pid: this.pid, generation: this.generation }),
      restart: (progress) => this.restart(progress),
      status: () => this.status(),
      stop: ({ drainTimeoutMs }) => this.stop({ drainTimeoutMs, reason: 'asked' }),
      rollback: () => this.rollback(),
    })
    this.drain = this.#lifecycle.drain
    this.ended = this.#lifecycle.ended
    this.before = {
      kind: beginnings.kind,
      pid: beginnings.predecessor?.inheritance.pid,
      state: beginnings.state,
      fds: this.#lifecycle.belongings.kept.inherited,
      exited: this.#lifecycle.predecessorGone,
    }
    if (options.signals) {
      this.#signals = new SignalHandlers({
        restart: () => void this.restart().catch(() => {}),
        stop: (signal) => this.#stopBySignal(signal),
      })
    }
    void this.ended.then(() => this.#signals?.remove())
  }

  /** @internal What may fail because somebody else is there; if it does nothing of this instance is left. */
  async prepare(): Promise<void> {
    try {
      await this.#lifecycle.prepare()
    } catch (error) {
      await this.#lifecycle.fail(error as Error)
      throw error
    }
  }

  /** Fires when this version begins to drain, for whatever reason. */
  get draining(): AbortSignal {
    return this.drain.signal
  }

  /**
   * The socket of this name: that of the version before, of the service manager or of a crashed instance if there is one,
   * else a new one.
   *
   * What a predecessor or a crash left is compared: for a changed address a new socket is made. What the service manager
   * opened for this name is taken as it is, whatever the address. Without an address there must be one. Several sockets may
   * have one name; each call gets the next. The socket stays open here; servers get duplicates (`listenOptions()`).
   *
   * @throws {RestartError} `ERR_RESTART_NO_SUCH_SOCKET`, `ERR_RESTART_STOPPING`, and as `openListenSocket`: `EADDRINUSE`,
   * `EACCES` ...
   */
  async listen(
    name: string,
    address?: ListenAddress,
    options: ListenSocketOptions = {},
  ): Promise<ListenSocket> {
    this.#requireLife()
    return this.#lifecycle.belongings.listen(name, address, options)
  }

  /**
   * Gives descriptors to the next version at each restart, and to the service manager's store or the companion against a
   * crash. Duplicates are kept; yours stay yours. Replaces what was kept under the name. Without `fds`: goes on keeping what
   * {@link before} had.
   *
   * Names have 1 to 200 printable ASCII characters, no colon. A connection that is kept does not end when you close it:
   * {@link forget} it then.
   *
   * @throws {RestartError} `ERR_RESTART_NOT_KEPT`, `ERR_RESTART_STOPPING`, `EBADF`, `EMFILE`, and as the store or the
   * companion: `ERR_RESTART_FD_STORE_FULL`, `ERR_RESTART_BARRIER_TIMEOUT`, `ERR_RESTART_COMPANION_GONE` ...
   */
  async keep(name: string, fds?: readonly number[]): Promise<void> {
    this.#requireLife()
    await this.#lifecycle.belongings.keep(name, fds)
  }

  /** Closes what is kept under the name, here and wherever it was stored. Harmless when repeated. */
  async forget(name: string): Promise<void> {
    await this.#lifecycle.belongings.forget(name)
  }

  /**
   * Makes descriptors of {@link before}, or sockets of the service manager that nobody listens on, the caller's. Without any:
   * an empty array.
   */
  async take(name: string): Promise<number[]> {
    return this.#lifecycle.belongings.take(name)
  }

  /**
   * Hands a UDP server on at each restart, and drains it: the next version takes new peers, this one keeps its own. The next
   * version gives `openUdpServer` or `openUdpResponder` as `predecessor` what `take(name)` gives it.
   *
   * @throws {RestartError} `ERR_RESTART_STOPPING`; RangeError `ERR_INVALID_ARG_VALUE` for a name that another one has.
   */
  udp(name: string, server: UdpServer | UdpResponder): void {
    this.#requireLife()
    const { belongings } = this.#lifecycle
    belongings.addSource(name, server)
    const hook: DrainHook = {
      stop: () => server.stopAccepting(),
      resume: () => server.resumeAccepting(),
      polite: async ({ signal }) => {
        if ('whenEmpty' in server) await server.whenEmpty({ signal })
      },
      forced: () => server.close(),
      pending: () =>
        'sessions' in server && server.sessions.size > 0 ? [`${server.sessions.size} sessions`] : [],
    }
    try {
      this.drain.hook(name, hook)
    } catch (error) {
      belongings.removeSource(name)
      throw error
    }
    void this.ended.then(() => server.close())
  }

  /**
   * Says that this version serves. Listen, connect and load before it; do not wait for the predecessor.
   *
   * Resolves when the predecessor leaves the serving to this version, and with `holdMs` when the hold begins. What was
   * inherited and nobody asked for is closed then.
   *
   * @throws {RestartError} `ERR_RESTART_CANCELLED` if the predecessor does not want this version any more (it gets SIGTERM
   * too), `ERR_RESTART_ALREADY_RUNNING`, `ERR_RESTART_STOPPING`.
   */
  ready(): Promise<void> {
    this.#requireLife()
    this.#signals?.armStop()
    this.#ready ??= this.#lifecycle.becomeReady()
    return this.#ready
  }

  /**
   * Says why this version cannot serve: whoever asked for the restart reads these words. After `ready()` it drains and ends
   * the version that serves. Always rejects, with an error
   * of these words, so that a program that does not catch it ends with status 1.
   */
  async fail(reason: unknown): Promise<never> {
    const error = reason instanceof Error ? reason : new Error(String(reason))
    // It failed where it was called.
    if (error !== reason) Error.captureStackTrace(error, this.fail)
    await this.#lifecycle.fail(error)
    throw error
  }

  /** It takes longer: the bound for `ready()` is at least so far from now. Harmless when nobody waits. */
  extendReady(extendMs: number): void {
    checkInteger('extendMs', extendMs, MAX_DELAY_MS)
    this.#lifecycle.predecessor?.heartbeat(extendMs)
    if (this.#lifecycle.predecessor === undefined) this.#lifecycle.manager.say({ extendTimeoutMs: extendMs })
  }

  /**
   * Starts the next version and hands over to it. Resolves when that one serves and this one drains; a call while a restart
   * runs shares its result. Equals SIGUSR2 and a request over the coordination socket.
   *
   * @throws {RestartError} what kept the next version from serving, with `stage`, and where they are known `exit` and
   * `stderr` of it. This version serves on then. `ERR_RESTART_CHILD_FAILED` (its own words), `ERR_RESTART_CHILD_EXITED`,
   * `ERR_RESTART_READY_TIMEOUT`, `ERR_RESTART_SPAWN_FAILED`, `ERR_RESTART_CHANNEL_CLOSED`, `ERR_RESTART_CHANNEL_MALFORMED`,
   * `ERR_RESTART_PROTOCOL`, `ERR_RESTART_PROTOCOL_VERSION`, `ERR_RESTART_DESCRIPTOR_LIMIT`, `ERR_RESTART_DESCRIPTORS_LOST`,
   * `ERR_RESTART_STATE_FAILED`, `ERR_RESTART_CANCELLED`, `ERR_RESTART_ROLLED_BACK`; without any attempt
   * `ERR_RESTART_NOT_READY`, `ERR_RESTART_SUPERSEDED`, `ERR_RESTART_STOPPING`.
   */
  async restart(progress?: Progress): Promise<RestartResult> {
    const isFirst = this.#lifecycle.succession.current === undefined
    const result = this.#lifecycle.succession.restart((stage, details) => {
      if (isFirst) this.#restartIsAt(stage, details)
      progress?.(stage, details)
    })
    if (!isFirst) return result
    try {
      const { pid, generation, durationMs } = await result
      publishRestart({ result: { pid, generation, durationMs } })
    } catch (error) {
      publishRestart({ error })
      this.#lifecycle.afterFailure(error as Error)
    }
    return result
  }

  /**
   * Takes the service back from a version that is held (`holdMs`). That one finishes what it has begun.
   *
   * @throws {RestartError} `ERR_RESTART_NOTHING_TO_ROLL_BACK`.
   */
  async rollback(): Promise<RestartResult> {
    const begin = performance.now()
    await this.#lifecycle.succession.rollback()
    const { pid, generation } = this
    return { pid, generation, durationMs: Math.round(performance.now() - begin) }
  }

  /**
   * Ends this version: a restart that runs is cancelled, then work is drained, then everything is closed. Resolves with what
   * was cut; a second call gets the same.
   */
  async stop(options: StopOptions = {}): Promise<DrainReport> {
    checkKnown('options', options, ['drainTimeoutMs', 'reason'])
    const { drainTimeoutMs, reason = 'stop' } = options
    if (drainTimeoutMs !== undefined) checkInteger('drainTimeoutMs', drainTimeoutMs, MAX_DELAY_MS)
    if (typeof reason !== 'string') throw invalidType('reason', 'a string', reason)
    const report = this.#lifecycle.end('stopped', reason)
    if (drainTimeoutMs !== undefined) this.#lifecycle.shortenTo(drainTimeoutMs)
    return report
  }

  /** Plain JSON. Equals `restart status` over the coordination socket. */
  status(): InstanceStatus {
    return statusOf(this, this.#lifecycle, this.#startedAt)
  }

  /** Stops, and resolves when all is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ reason: 'dispose' })
    await this.ended
  }

  #restartIsAt(stage: Stage, details: ProgressDetails | undefined): void {
    publishRestart({ stage, ...details })
    if (stage === 'spawning') this.#lifecycle.manager.say({ reloading: true, status: 'a new version starts' })
  }

  #stopBySignal(signal: NodeJS.Signals): void {
    if (!this.#lifecycle.isEnding) {
      this.stop({ reason: signal }).catch(publishTrouble)
    } else if (!this.#shortened) {
      this.#shortened = true
      this.#lifecycle.shortenTo()
    } else {
      // The third time it does what it does to any process.
      this.#signals?.remove()
      process.kill(process.pid, signal)
    }
  }

  #requireLife(): void {
    if (!this.#lifecycle.isEnding) return
    throw new RestartError('this version is ending', { code: 'ERR_RESTART_STOPPING' })
  }
}
