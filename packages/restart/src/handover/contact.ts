import { Dialogue } from './dialogue.js'
import { type HandoverEnvironment, isGone, type Offspring, type ProcessExit, pause } from './environment.js'
import * as failures from './failures.js'
import type { SuccessorMessage } from './messages.js'
import type { Trouble } from './trouble.js'

/** For last words that are on their way when the process is already gone. */
export const LAST_WORDS_MS = 250
/** For the exit status of a process that closed its channel. */
const EXIT_AFTER_CLOSE_MS = 1_000

export interface ContactEvents {
  heartbeat(extendMs: number): void
  /** The process or its channel has ended; nobody serves there any more, or not for long. */
  lost(): void
  stage(): failures.RestartStage
}

/** The next version, as the one that started it hears of it: whatever goes wrong with it becomes trouble, once. */
export class Contact {
  readonly offspring: Offspring
  readonly #environment: HandoverEnvironment
  readonly #trouble: Trouble
  readonly #events: ContactEvents
  readonly #dialogue: Dialogue
  #exit: ProcessExit | undefined
  #hasGreeted = false
  #endsByItself = false
  #isOver = false

  constructor(
    offspring: Offspring,
    environment: HandoverEnvironment,
    trouble: Trouble,
    events: ContactEvents,
  ) {
    this.offspring = offspring
    this.#environment = environment
    this.#trouble = trouble
    this.#events = events
    this.#dialogue = new Dialogue(offspring.line, environment, {
      heartbeat: (extendMs) => events.heartbeat(extendMs),
      fail: (message, code) => {
        this.#endsByItself = true
        trouble.raise(failures.childFailed(message, code))
      },
      nonsense: (error) => trouble.raise(error),
      ended: () => void this.#channelEnded(),
    })
    void this.#watchExit()
  }

  get exit(): ProcessExit | undefined {
    return this.#exit
  }

  get hasGreeted(): boolean {
    return this.#hasGreeted
  }

  /** It said that it cannot serve, and why. */
  get endsByItself(): boolean {
    return this.#endsByItself
  }

  /** Settles when nothing more comes over its channel. */
  get silent(): Promise<void> {
    return this.#dialogue.ended
  }

  /** The next message of these types; say first what is expected, then what it answers. */
  expect<T extends SuccessorMessage['type']>(...types: T[]) {
    return this.#dialogue.expect(...types)
  }

  async hello() {
    const hello = await this.#trouble.guard(this.#dialogue.expect('hello'))
    this.#hasGreeted = true
    return hello
  }

  say(message: object, fds?: readonly number[]): Promise<void> {
    return this.#trouble.guard(this.#sent(this.offspring.line.send(message, fds)))
  }

  sayBytes(tag: string, bytes: Uint8Array): Promise<void> {
    return this.#trouble.guard(this.#sent(this.offspring.line.sendBytes(tag, bytes)))
  }

  /** Leaves the service to it: its end is no trouble any more, and its channel is for others to read. */
  async entrust(): Promise<void> {
    // First, since it may have something to say to those others at once.
    await this.#dialogue.leave()
    if (this.#trouble.first) throw this.#trouble.first
    try {
      await this.offspring.line.send({ type: 'own' })
    } catch (error) {
      throw isGone(error) ? failures.channelClosed(this.#hasGreeted) : error
    }
    this.#isOver = true
  }

  /** A channel that does not take a message any more has an end, and that is told by who listens. */
  async #sent(sending: Promise<void>): Promise<void> {
    try {
      await sending
    } catch (error) {
      if (!isGone(error)) throw error
      await new Promise<never>(() => {})
    }
  }

  /** What a process said before it ended is worth more than that it ended. */
  async #watchExit(): Promise<void> {
    this.#exit = await this.offspring.exited
    if (this.#isOver) return
    this.#events.lost()
    const lastWords = Promise.all([this.#dialogue.ended, this.offspring.stderrEnded])
    await Promise.race([lastWords, pause(this.#environment, LAST_WORDS_MS)])
    const wrote = this.offspring.stderrLines().length > 0
    this.#trouble.raise(failures.childExited(this.#exit, this.#events.stage(), this.#hasGreeted, wrote))
  }

  async #channelEnded(): Promise<void> {
    if (this.#isOver) return
    this.#events.lost()
    const isExit = await Promise.race([
      this.offspring.exited.then(() => true),
      pause(this.#environment, EXIT_AFTER_CLOSE_MS).then(() => false),
    ])
    if (!isExit) this.#trouble.raise(failures.channelClosed(this.#hasGreeted))
  }
}
