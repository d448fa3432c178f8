import { closeAll } from '../channel/assembler.js'
import { boundedWait, type WaitOptions } from '../channel/bounded-wait.js'
import type { FdChannel } from '../channel/fd-channel.js'
import { isRestartError, RestartError } from '../errors/restart-error.js'
import { companionCodes, companionError } from './companion-error.js'
import {
  type CompanionAnswer,
  type CompanionRequest,
  decodeAnswer,
  type KeptSet,
} from './companion-messages.js'

export interface ReceivedSet extends KeptSet {
  readonly fds: number[]
}

export interface Outcome {
  readonly found: boolean
  /** Whose descriptors are the caller's. */
  readonly sets: ReceivedSet[]
}

interface Exchange {
  readonly sets: ReceivedSet[]
  refusal: Error | undefined
  resolve(outcome: Outcome): void
  reject(error: Error): void
}

/** Requests and answers on one connection: one after the other, each with all of its answers. */
export class CompanionExchange {
  /** Resolves when the other end is gone, for whatever reason. */
  readonly ended: Promise<void>
  readonly #channel: FdChannel
  #current: Exchange | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #hasEnded = false

  /** Takes the channel over, after `hello`. */
  constructor(channel: FdChannel) {
    this.#channel = channel
    channel.unref()
    this.ended = this.#readAll()
  }

  /** Borrows `fds` until it settles. */
  ask(request: CompanionRequest, fds: readonly number[], options: WaitOptions): Promise<Outcome> {
    const turn = this.#turn.then(() => this.#ask(request, fds, options))
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Waits for the other end to go, and holds the process open until then. */
  async awaitEnd(): Promise<void> {
    this.#channel.ref()
    await this.ended
  }

  /** After the requests that were made before. */
  async leave(): Promise<void> {
    await this.#turn
    if (this.#hasEnded) return
    await this.#channel.send({ type: 'leave' } satisfies CompanionRequest).catch(() => {})
    this.#channel.close()
    await this.ended
  }

  async #ask(request: CompanionRequest, fds: readonly number[], options: WaitOptions): Promise<Outcome> {
    if (this.#hasEnded) throw gone()
    this.#channel.ref()
    try {
      return await boundedWait<Outcome>(
        `asking the companion to ${request.type}`,
        options,
        (resolve, reject) => {
          this.#current = { sets: [], refusal: undefined, resolve, reject }
          this.#channel.send(request, fds).catch((error) => this.#finish(error))
          // Answers that nobody waits for would be taken for those to the next request.
          return () => this.#channel.close()
        },
      )
    } finally {
      this.#channel.unref()
    }
  }

  async #readAll(): Promise<void> {
    let more = true
    while (more) {
      try {
        const received = await this.#channel.receive()
        if (received === undefined) break
        if (!('fds' in received)) throw companionError(companionCodes.malformed, 'The other end sent bytes')
        this.#take(received.message, received.fds)
      } catch (error) {
        if (isRestartError(error) && error.code === 'ERR_RESTART_DESCRIPTORS_LOST') {
          if (this.#current !== undefined) this.#current.refusal = error
        } else {
          more = false
        }
      }
    }
    this.#hasEnded = true
    this.#channel.close()
    this.#finish(gone())
  }

  #take(message: object, fds: number[]): void {
    const current = this.#current
    let answer: CompanionAnswer
    try {
      answer = decodeAnswer(message)
    } catch (error) {
      closeAll(fds)
      throw error
    }
    if (answer.type === 'set' && current !== undefined) {
      current.sets.push({ ...answer, fds })
      return
    }
    closeAll(fds)
    if (answer.type === 'refused') this.#finish(new RestartError(answer.text, { code: answer.code }))
    if (answer.type !== 'done' || current === undefined) return
    if (current.refusal !== undefined) {
      this.#finish(current.refusal)
      return
    }
    this.#current = undefined
    current.resolve({ found: answer.found, sets: current.sets })
  }

  #finish(error: Error): void {
    const current = this.#current
    this.#current = undefined
    for (const set of current?.sets ?? []) closeAll(set.fds)
    current?.reject(error)
  }
}

function gone(): Error {
  return companionError(companionCodes.gone, 'The companion is gone')
}
