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
import { whileItDies } from './while-it-dies.js'

/** For work to end by itself when nobody wants to wait any more. */
const SHORT_MS = 1_000
/** The second one when it goes between two looks at the path. */
const STILL_THERE = ['ERR_RESTART_ALREADY_RUNNING', 'EADDRINUSE']
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
  /** Given by the predecessor, which may still take it back. */
  #legacy: Legacy | undefined
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
      relisten: (name, server, before) => relistenOn(belongings.sockets, name, server, before),
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
        const isOther = pid !== process.pid
        await this.manager.introduce(pid, isOther ? generation + 1 : generation)
        if (!isOther) this.#writePidFile()
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

  /** The words for whoever asked for this version; ends it. */
  async fail(error: Error): Promise<void> {
    const { code } = error as { code?: unknown }
    // Words of a process that is not the main one are refused by the manager; the running version tells it of these.
    if (this.#isOwner || this.predecessor === undefined) this.manager.say({ status: error.message })
    const telling = this.predecessor?.fail(error.message, typeof code === 'string' ? code : undefined)
    await telling?.catch(publishTrouble)
    await this.end('stopped', 'fail')
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
  shortenTo(delayMs = SHORT_MS): void {
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
      commit: (legacy) => this.#receive(legacy),
      own: () => this.#inherit(line),
      retire: (message) => void this.end('retired', message),
      gone: () => {
        line.close()
        this.#goneNow()
        this.#stderr?.restore()
        if (this.#isReady) this.#serveAlone().catch(publishTrouble)
      },
    })
  }

  /** What may fail is done now, and nothing that the predecessor could not take back. */
  async #receive(legacy: Legacy): Promise<void> {
    this.#legacy = legacy
    const { inheritance } = this.#beginnings.predecessor!
    await this.estate.adopt(legacy.coordination, inheritance.coordination)
    this.#writePidFile()
  }

  #inherit(line: Line & { readonly fd: number }): void {
    const { pid, generation } = this.#beginnings.predecessor!.inheritance
    this.#takeEstate()
    const before = this.#add({ pid, generation: generation - 1 }, line)
    void before.exited.then(this.#goneNow)
    this.#settle().catch(publishTrouble)
  }

  /** Also when the predecessor died after it had given it. */
  #takeEstate(): void {
    try {
      this.estate.own()
    } catch (error) {
      // A path that nobody wants any more stays where it is.
      publishTrouble(error as Error)
    }
    for (const { fd, ...older } of this.#legacy?.generations ?? []) {
      this.#add(older, openChannel(fd), older.sinceMs)
    }
    this.#legacy = undefined
  }

  /** Nobody is there to hand over. */
  #serveAlone(): Promise<void> {
    this.#alone ??= this.#beAlone()
    return this.#alone
  }

  async #beAlone(): Promise<void> {
    const open = () => this.estate.open()
    await (this.predecessor === undefined ? open() : whileItDies(STILL_THERE, open))
    this.#writePidFile()
    this.#takeEstate()
    if (this.predecessor === undefined) this.manager.say({ ready: true, status: 'serving' })
    else await this.manager.introduce(process.pid, this.#beginnings.generation)
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

  #add(
    who: { pid: number; generation: number; hasDrained?: boolean },
    line: Line & { readonly fd: number },
    sinceMs = 0,
  ): OlderGeneration {
    const closeFd = (fd: number) => binding().closeFd(fd)
    const generation = new OlderGeneration(who, line, performance.now() - sinceMs, closeFd, {
      connections: (server, fds) => {
        // It is ready: a server that is not registered by now never will be, and its clients would wait for nothing.
        if (!this.drain.connections.serves(server)) return false
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
    this.belongings.closeStreamSockets()
    void this.#draining.then(async (drain) => {
      await link.drained(drain).catch(publishTrouble)
      await quietly(() => this.belongings.close({ unlink: false }))
      await quietly(() => closing)
      this.#finish({ reason: 'superseded', drain, successor: { pid, generation } })
    })
  }

  async #stop(reason: 'stopped' | 'retired', why: string): Promise<DrainReport> {
    // It may be too late: then the next version serves, and this one drains for it.
    if (!(await this.succession.stop(why))) return this.drain.start()
    if (this.#isOwner) this.manager.say({ stopping: true })
    if (reason === 'stopped') {
      const telling = this.predecessor?.fail(`the new version was told to stop: ${why}`)
      await telling?.catch(publishTrouble)
    }
    const drain = await this.drain.start({ reason: why })
    void this.#leave(reason, drain)
    return drain
  }

  async #leave(reason: 'stopped' | 'retired', drain: DrainReport): Promise<void> {
    await this.succession.alone()
    await quietly(() => this.belongings.close({ unlink: this.#isOwner }))
    if (this.#isOwner) {
      await quietly(() => this.#beginnings.vault?.leave())
      await quietly(() => this.#pidFile?.remove())
    }
    await quietly(() => this.estate.close())
    this.#finish({ reason, drain })
  }

  #finish(report: EndReport): void {
    this.manager.close()
    this.#resolveEnded(report)
  }
}

/** What cannot be done at the end keeps nothing else from being done. */
async function quietly(act: () => unknown): Promise<void> {
  try {
    await act()
  } catch (error) {
    publishTrouble(error as Error)
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
