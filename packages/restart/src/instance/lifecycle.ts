import { binding } from '../binding.js'
import { openChannel } from '../channel/fd-channel.js'
import type { CoordinationHandler } from '../coordination/coordination-handler.js'
import { type Drain, openDrain } from '../drain/drain.js'
import type { DrainReport } from '../drain/drain-report.js'
import type { Successor } from '../handover/attempt.js'
import { commandFor } from '../handover/default-command.js'
import type { Line } from '../handover/environment.js'
import { Generations } from '../handover/generations.js'
import { OlderGeneration } from '../handover/older-generation.js'
import { type Legacy, Predecessor } from '../handover/predecessor.js'
import { Succession } from '../handover/succession.js'
import { SuccessorLink } from '../handover/successor-link.js'
import { systemEnvironment } from '../handover/system-environment.js'
import { type PidFile, writePidFile } from '../supervise/pid-file.js'
import type { OwnBelongings } from './belongings.js'
import type { EndReport } from './end-report.js'
import { EstateKeeper } from './estate-keeper.js'
import type { Beginnings } from './inherit.js'
import { publishTrouble } from './instance-events.js'
import { incumbentOf } from './instance-incumbent.js'
import type { CheckedOptions } from './instance-options.js'
import { ManagerReport } from './manager-report.js'
import { RealStderr } from './real-stderr.js'
import { relistenOn } from './relisten.js'

/** From the bound of a drain until a version that was sent back is ended. */
const RETIRE_GRACE_MS = 5_000

/**
 * From the start of an instance to its end: how it comes to serve, hands over, drains and lets go of everything. The only
 * room that sees all others.
 */
export class Lifecycle {
  readonly drain: Drain
  readonly belongings: OwnBelongings
  readonly estate: EstateKeeper
  readonly manager: ManagerReport
  readonly succession: Succession
  readonly predecessor: Predecessor | undefined
  /** Resolves when the predecessor's process is gone. */
  readonly predecessorGone: Promise<void>
  readonly ended: Promise<EndReport>
  readonly #options: CheckedOptions
  readonly #beginnings: Beginnings
  readonly #stderr: RealStderr | undefined
  readonly #environment = systemEnvironment(() => commandFor(this.#options.command))
  #pidFile: PidFile | undefined
  #isOwner = false
  #isReady = false
  #alone: Promise<void> | undefined
  #draining: Promise<DrainReport> | undefined
  readonly #drainBegins: Promise<void>
  #goneNow!: () => void
  #resolveEnded!: (report: EndReport) => void

  constructor(options: CheckedOptions, beginnings: Beginnings, handler: CoordinationHandler) {
    this.#options = options
    this.#beginnings = beginnings
    const { belongings, generation, manager, predecessor } = beginnings
    this.belongings = belongings
    this.drain = openDrain({
      timeoutMs: options.drainTimeoutMs,
      relisten: (name, server) => relistenOn(belongings.sockets, name, server),
    })
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    this.predecessorGone = new Promise((resolve) => {
      this.#goneNow = resolve
    })
    this.#drainBegins = new Promise((resolve) => {
      this.drain.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    this.manager = new ManagerReport(manager, publishTrouble)
    const { timer } = this.#environment
    const generations = new Generations(options.maxDraining, timer, (pid) => killQuietly(pid))
    this.estate = new EstateKeeper(options.coordination, handler, generations)
    this.#stderr = predecessor && new RealStderr(predecessor.inheritance.stderrFd)
    const incumbent = incumbentOf({
      generation,
      options,
      belongings,
      estate: this.estate,
      introduce: async (pid) => {
        await this.manager.introduce(pid)
        if (pid === process.pid) this.#writePidFile()
      },
      drain: this.drain,
    })
    const settings = {
      readyTimeoutMs: options.readyTimeoutMs,
      holdMs: options.holdMs,
      stateMaxBytes: Number.POSITIVE_INFINITY,
      stateTimeoutMs: options.state?.timeoutMs ?? 0,
      retireTimeoutMs: options.drainTimeoutMs + RETIRE_GRACE_MS,
    }
    this.succession = new Succession(
      incumbent,
      this.#environment,
      () => settings,
      (successor) => this.#supersede(successor),
    )
    this.predecessor = predecessor && this.#follow(predecessor.line)
    if (predecessor === undefined) this.#goneNow()
  }

  get isEnding(): boolean {
    return this.#draining !== undefined
  }

  /** What may fail because somebody else is there fails before anything is handed over. */
  async prepare(): Promise<void> {
    const predecessor = this.#beginnings.predecessor
    if (predecessor === undefined) await this.estate.open()
    else if (this.predecessor?.state !== 'gone')
      await this.estate.prepare(predecessor.inheritance.coordination)
  }

  async becomeReady(): Promise<void> {
    this.#isReady = true
    const claimed = this.belongings.sockets.map(({ name }) => name)
    const takeover = await this.predecessor?.ready(claimed)
    if (takeover === undefined || takeover === 'alone') await this.#serveAlone()
  }

  /** No more than once; whoever asks again gets the same report. */
  end(reason: 'stopped' | 'retired', why: string): Promise<DrainReport> {
    this.#draining ??= this.#stop(reason, why)
    return this.#draining
  }

  /** A bound that is closer than that of the drain. */
  shortenTo(delayMs: number): void {
    void this.#drainBegins.then(() => this.drain.shorten(Math.min(delayMs, this.#options.drainTimeoutMs)))
  }

  /** The service manager waits for the end of a reload, however it went. */
  afterFailure(error: Error): void {
    if (this.#isOwner && !this.isEnding) {
      this.manager.say({ ready: true, status: `the last restart failed: ${error.message}` })
    }
  }

  #follow(line: Line & { readonly fd: number }): Predecessor {
    const closeFd = (fd: number) => binding().closeFd(fd)
    return new Predecessor(line, closeFd, {
      commit: (legacy) => this.#inherit(legacy, line),
      retire: (message) => void this.end('retired', message),
      gone: () => {
        line.close()
        this.#goneNow()
        this.#stderr?.restore()
        if (this.#isReady) this.#serveAlone().catch(publishTrouble)
      },
    })
  }

  /** Told to take over: what may fail comes first, so that the predecessor can go on. */
  async #inherit(legacy: Legacy, line: Line & { readonly fd: number }): Promise<void> {
    const { inheritance } = this.#beginnings.predecessor!
    await this.estate.adopt(legacy.coordination, inheritance.coordination)
    this.#writePidFile()
    for (const { fd, pid, generation } of legacy.generations) {
      this.#add({ pid, generation }, openChannel(fd))
    }
    // It still listens for "committed": what follows is said after that.
    setImmediate(() => {
      const before = this.#add({ pid: inheritance.pid, generation: inheritance.generation - 1 }, line)
      void before.exited.then(this.#goneNow)
      void this.#settle()
    })
  }

  /** Nobody is there to hand over. */
  #serveAlone(): Promise<void> {
    this.#alone ??= this.#beAlone()
    return this.#alone
  }

  async #beAlone(): Promise<void> {
    await this.estate.open()
    this.#writePidFile()
    if (this.predecessor === undefined) this.manager.say({ ready: true, status: 'serving' })
    else await this.manager.introduce(process.pid)
    await this.#settle()
  }

  async #settle(): Promise<void> {
    this.#isOwner = true
    this.succession.serve()
    this.#stderr?.restore()
    this.manager.startWatchdog()
    await this.belongings.own()
  }

  /** Also when a version that had taken the file over is gone. */
  #writePidFile(): void {
    const path = this.#options.pidFile
    const replaces = this.#beginnings.predecessor?.inheritance.pid
    if (path !== undefined) this.#pidFile = writePidFile(path, { replaces })
  }

  #add(who: { pid: number; generation: number }, line: Line & { readonly fd: number }): OlderGeneration {
    const closeFd = (fd: number) => binding().closeFd(fd)
    const generation = new OlderGeneration(who, line, performance.now(), closeFd, {
      connections: (server, fds) => {
        this.drain.connections.receive(server, fds)
        return true
      },
      exited: () => {},
    })
    this.estate.generations.add(generation)
    return generation
  }

  #supersede(successor: Successor): void {
    this.#isOwner = false
    this.manager.stopWatchdog()
    const { offspring, pid, generation } = successor
    offspring.unref()
    const closeFd = (fd: number) => binding().closeFd(fd)
    const link = new SuccessorLink(offspring.line, closeFd, { force: () => this.drain.shorten(0) })
    this.drain.connections.carrier = { send: (server, fds) => link.sendConnections(server, fds) }
    const closing = this.estate.surrender()
    this.#draining = this.drain.start({ reason: 'restart' })
    void this.#draining.then(async (drain) => {
      await link.drained(drain).catch(publishTrouble)
      this.belongings.close({ unlink: false })
      await closing
      this.#finish({ reason: 'superseded', drain, successor: { pid, generation } })
    })
  }

  async #stop(reason: 'stopped' | 'retired', why: string): Promise<DrainReport> {
    // It may be too late: then the next version serves, and this one drains for it.
    if (!(await this.succession.stop(why))) return this.drain.start()
    if (this.#isOwner) this.manager.say({ stopping: true })
    if (reason === 'stopped') await this.predecessor?.fail(`the new version was told to stop: ${why}`)
    const drain = await this.drain.start({ reason: why })
    void this.#leave(reason, drain)
    return drain
  }

  async #leave(reason: 'stopped' | 'retired', drain: DrainReport): Promise<void> {
    await this.succession.alone()
    this.belongings.close({ unlink: this.#isOwner })
    if (this.#isOwner) await this.#beginnings.vault?.leave().catch(publishTrouble)
    if (this.#isOwner) this.#pidFile?.remove()
    await this.estate.close()
    this.#finish({ reason, drain })
  }

  #finish(report: EndReport): void {
    this.manager.close()
    this.#resolveEnded(report)
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
