import type { RestartError } from '../errors/restart-error.js'
import { Contact, LAST_WORDS_MS } from './contact.js'
import { Deadline } from './deadline.js'
import { dismiss } from './dismiss.js'
import { type HandoverEnvironment, type Offspring, pause } from './environment.js'
import type { RestartStage } from './failures.js'
import * as failures from './failures.js'
import type { Gift, HandoverState, Incumbent } from './incumbent.js'
import { type Belonging, HANDOVER_PROTOCOL } from './messages.js'
import { saveState } from './save-state.js'
import { Trouble } from './trouble.js'

export interface AttemptSettings {
  readyTimeoutMs: number
  holdMs: number
  stateMaxBytes: number
  stateTimeoutMs: number
  /** For a version that has served and has to go: as long as it may drain. */
  retireTimeoutMs: number
}

export interface StageDetails {
  pid?: number
  generation?: number
  sockets?: number
  remainingMs?: number
}

export type StageListener = (stage: RestartStage, details: StageDetails) => void

/** The version that has taken over. */
export interface Successor {
  pid: number
  generation: number
  offspring: Offspring
}

/** From SIGTERM to SIGKILL, for a version that never served. */
const KILL_AFTER_MS = 2_000
/** From "commit" to "committed": it has nothing to do in between but to take what it is given. */
const COMMIT_TIMEOUT_MS = 10_000

/**
 * One try to hand over to a next version: it ends with a successor that has taken over, or with everything as it was.
 *
 * Linear on purpose: whatever goes wrong at any time (an exit, an end of the channel, nonsense, the bound, a
 * cancellation) is one {@link Trouble}, each wait is guarded by it, and there is one place that takes back.
 */
export class Attempt {
  readonly #incumbent: Incumbent
  readonly #environment: HandoverEnvironment
  readonly #settings: AttemptSettings
  readonly #listener: StageListener
  readonly #trouble = new Trouble()
  #stage: RestartStage = 'spawning'
  #contact: Contact | undefined
  #deadline: Deadline | undefined
  #pid = 0
  #extendedMs = 0
  #gift: Gift | undefined
  #saved = false
  #paused = false
  #released = false
  #committing = false
  #resumed: Promise<unknown> | undefined
  #dismissed: Promise<void> = Promise.resolve()

  constructor(
    incumbent: Incumbent,
    environment: HandoverEnvironment,
    settings: AttemptSettings,
    listener: StageListener,
  ) {
    this.#incumbent = incumbent
    this.#environment = environment
    this.#settings = settings
    this.#listener = listener
  }

  get stage(): RestartStage {
    return this.#stage
  }

  get pid(): number | undefined {
    return this.#pid || undefined
  }

  /** Settles when a version that was sent away after it had served is reaped. */
  get dismissed(): Promise<void> {
    return this.#dismissed
  }

  /** False once the next version is given what only one can have: then it takes over, or fails by itself. */
  cancel(reason: RestartError): boolean {
    if (this.#committing) return false
    this.#trouble.raise(reason)
    return true
  }

  async run(): Promise<Successor> {
    try {
      const contact = await this.#spawn()
      await this.#greet(contact)
      await this.#endow(contact)
      await this.#hold(contact)
      await this.#commit(contact)
      return {
        pid: this.#pid,
        generation: this.#incumbent.generation + 1,
        offspring: contact.offspring,
      }
    } catch (error) {
      const cause = this.#trouble.first ?? (error as Error)
      const undoError = await this.#takeBack(cause)
      const { offspring, exit } = this.#contact ?? {}
      throw failures.withDetails(cause, this.#stage, offspring, exit, undoError)
    } finally {
      this.#deadline?.clear()
    }
  }

  async #spawn(): Promise<Contact> {
    const { readyTimeoutMs } = this.#settings
    this.#enter('spawning')
    this.#deadline = new Deadline(this.#environment, readyTimeoutMs, () => {
      const took = readyTimeoutMs + this.#extendedMs
      const hasGreeted = this.#contact?.hasGreeted === true
      this.#trouble.raise(failures.readyTimeout(took, this.#stage, hasGreeted))
    })
    const offspring = await this.#environment.spawn()
    this.#contact = new Contact(offspring, this.#environment, this.#trouble, {
      heartbeat: (extendMs) => this.#extend(extendMs),
      lost: () => void this.#resume(),
      stage: () => this.#stage,
    })
    return this.#contact
  }

  #extend(extendMs: number): void {
    const before = this.#deadline!.remainingMs
    this.#deadline!.extend(extendMs)
    this.#extendedMs += this.#deadline!.remainingMs - before
  }

  async #greet(contact: Contact): Promise<void> {
    this.#pid = contact.offspring.pid
    this.#enter('starting', { pid: this.#pid })
    const hello = await contact.hello()
    // Behind a wrapper that does not exec, the child is not the one that serves.
    this.#pid = hello.pid
    if (hello.protocol !== HANDOVER_PROTOCOL) throw failures.wrongVersion('the new version', hello.protocol)
    const { pid, generation, coordinationPath } = this.#incumbent
    const welcome = {
      type: 'welcome',
      protocol: HANDOVER_PROTOCOL,
      pid,
      generation: generation + 1,
      ...(coordinationPath !== undefined && { coordination: coordinationPath }),
    }
    await contact.say(welcome, [this.#incumbent.stderrFd])
  }

  /** Sockets, state, and the word to begin; then waits until the next version is ready. */
  async #endow(contact: Contact): Promise<void> {
    const gift = this.#incumbent.belongings()
    this.#gift = gift
    this.#enter('handing-over', { pid: this.#pid, sockets: gift.fds.length })
    try {
      await this.#give(contact, gift.belongings, gift.fds)
    } finally {
      gift.passed()
    }
    const state = await this.#save()
    if (state) await this.#giveState(contact, state)
    const ready = contact.expect('ready')
    const described = state ? { version: state.version, bytes: state.bytes.byteLength } : null
    await contact.say({ type: 'begin', state: described })
    this.#enter('waiting', { pid: this.#pid, remainingMs: this.#deadline!.remainingMs })
    await this.#trouble.guard(ready)
    this.#deadline!.clear()
  }

  async #give(contact: Contact, belongings: Belonging[], fds: readonly number[]): Promise<void> {
    const answer = contact.expect('accept', 'refuse')
    await contact.say({ type: 'offer', belongings })
    const verdict = await this.#trouble.guard(answer)
    if (verdict.type === 'refuse') throw failures.descriptorLimit(verdict.needed, verdict.free)
    const received = contact.expect('received')
    await contact.say({ type: 'descriptors' }, fds)
    const { count } = await this.#trouble.guard(received)
    if (count !== fds.length) throw failures.descriptorsLost(fds.length, count)
  }

  async #save(): Promise<HandoverState | undefined> {
    const { save } = this.#incumbent
    if (!save) return undefined
    this.#saved = true
    const { stateTimeoutMs, stateMaxBytes } = this.#settings
    const bounds = { timeoutMs: stateTimeoutMs, maxBytes: stateMaxBytes }
    return saveState(save, bounds, this.#environment, this.#trouble)
  }

  async #giveState(contact: Contact, state: HandoverState): Promise<void> {
    const belongings: Belonging[] = [...state.fds].map(([name, fds]) => ({
      kind: 'state',
      name,
      count: fds.length,
    }))
    if (belongings.length > 0) await this.#give(contact, belongings, [...state.fds.values()].flat())
    await contact.sayBytes('state', state.bytes)
  }

  async #hold(contact: Contact): Promise<void> {
    const { holdMs } = this.#settings
    if (holdMs === 0) return
    this.#enter('holding', { pid: this.#pid, remainingMs: holdMs })
    this.#paused = true
    this.#incumbent.stopAccepting()
    await contact.say({ type: 'hold', holdMs })
    await this.#trouble.guard(pause(this.#environment, holdMs))
  }

  async #commit(contact: Contact): Promise<void> {
    this.#committing = true
    this.#enter('ready', { pid: this.#pid })
    const cancel = this.#environment.timer(COMMIT_TIMEOUT_MS, () =>
      this.#trouble.raise(failures.commitTimeout(COMMIT_TIMEOUT_MS)),
    )
    try {
      this.#released = true
      const estate = this.#incumbent.releaseEstate()
      const { coordination, generations } = await this.#trouble.guard(estate)
      const committed = contact.expect('committed')
      const fds = generations.map(({ fd }) => fd)
      if (coordination !== undefined) fds.unshift(coordination)
      const message = {
        type: 'commit',
        coordination: coordination !== undefined,
        generations: generations.map(({ fd: _, ...older }) => older),
      }
      await contact.say(message, fds)
      await this.#trouble.guard(committed)
    } finally {
      cancel()
    }
    // Only now: a service manager ends the whole service if the main process that it was told of ends.
    await this.#trouble.guard(this.#incumbent.introduce(this.#pid))
    await contact.entrust()
  }

  /** Accepting comes first: until then nobody may be serving. No step keeps the next from being taken. */
  async #takeBack(cause: Error): Promise<Error | undefined> {
    const incumbent = this.#incumbent
    await this.#resume()
    if (this.#released) await this.#step(() => incumbent.reclaimEstate())
    if (this.#contact) await this.#sendAway(this.#contact, cause)
    if (this.#gift) await this.#step(() => this.#gift!.cancel())
    if (this.#committing) await this.#step(() => incumbent.introduce(incumbent.pid))
    return this.#saved ? this.#step(() => incumbent.undo(cause)) : undefined
  }

  async #sendAway({ offspring, endsByItself, silent }: Contact, cause: Error): Promise<void> {
    const { code = 'ERR_RESTART_FAILED' } = cause as { code?: string }
    const gently = this.#paused && (code === 'ERR_RESTART_ROLLED_BACK' || code === 'ERR_RESTART_CANCELLED')
    this.#dismissed = dismiss(offspring, this.#environment, {
      code,
      message: cause.message,
      gently,
      endsByItself,
      graceMs: gently ? this.#settings.retireTimeoutMs : KILL_AFTER_MS,
      ...(this.#pid !== offspring.pid && { wrapped: { pid: this.#pid, gone: silent } }),
    })
    // One that may finish its work does so beside us; any other is gone before the state is ours again.
    if (gently) return
    await this.#dismissed
    await Promise.race([offspring.stderrEnded, pause(this.#environment, LAST_WORDS_MS)])
  }

  /** Once, and as soon as there may be nobody else. */
  #resume(): Promise<unknown> {
    if (!this.#paused) return Promise.resolve()
    this.#resumed ??= this.#step(() => this.#incumbent.resumeAccepting())
    return this.#resumed
  }

  async #step(step: () => void | Promise<void>): Promise<Error | undefined> {
    try {
      await step()
      return undefined
    } catch (error) {
      this.#incumbent.report(error as Error)
      return error as Error
    }
  }

  #enter(stage: RestartStage, details: StageDetails = {}): void {
    this.#stage = stage
    this.#listener(stage, { generation: this.#incumbent.generation + 1, ...details })
  }
}
