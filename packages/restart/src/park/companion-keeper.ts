import { type ChannelMessage, closeAll } from '../channel/assembler.js'
import type { FdChannel } from '../channel/fd-channel.js'
import { isRestartError } from '../errors/restart-error.js'
import {
  type CompanionAnswer,
  type CompanionRequest,
  companionProtocol,
  decodeRequest,
} from './companion-messages.js'

interface Held {
  readonly parked: boolean
  readonly count: number
  readonly fds: readonly number[]
  /** Connections to which it is being sent: it is closed after the last of them. */
  senders: number
  isDropped: boolean
}

export interface KeeperOptions {
  /** How long to hold on to descriptors while nobody is connected. */
  readonly orphanMs: number
  /** How long to wait for the first connection. */
  readonly firstMs: number
  /** Called once, when nobody needs the keeper any more. */
  readonly end: () => void
}

/**
 * What the companion process does: holds sets of descriptors by name for whoever is connected.
 *
 * It is needed while somebody is connected, and, unless the last one left on purpose, for `orphanMs` after that if it
 * holds anything.
 */
export class CompanionKeeper {
  readonly #options: KeeperOptions
  readonly #sets = new Map<string, Held>()
  readonly #connected = new Set<FdChannel>()
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#endAfter(options.firstMs)
  }

  /** Until the other end is gone. */
  async serve(channel: FdChannel): Promise<void> {
    clearTimeout(this.#timer)
    this.#connected.add(channel)
    let left = false
    try {
      await send(channel, { type: 'hello', protocol: companionProtocol, pid: process.pid })
      while (!left) {
        const received = await receive(channel)
        if (received === undefined) break
        left = await this.#answer(channel, received)
      }
    } catch {
      // Whatever it was, this connection is of no use any more; what is held is not its own.
    }
    channel.close()
    this.#connected.delete(channel)
    this.#reconsider(left)
  }

  /** True: the other end is done with this companion. */
  async #answer(channel: FdChannel, received: Received): Promise<boolean> {
    if (received instanceof Error) {
      await refuse(channel, received)
      return false
    }
    let request: CompanionRequest
    try {
      request = decodeRequest(received.message)
    } catch (error) {
      closeAll(received.fds)
      await refuse(channel, error as Error)
      return false
    }
    if (request.type !== 'keep') closeAll(received.fds)
    switch (request.type) {
      case 'keep':
        this.#drop(request.name)
        this.#sets.set(request.name, { ...request, fds: received.fds, senders: 0, isDropped: false })
        await send(channel, { type: 'done', found: true })
        return false
      case 'forget':
        await send(channel, { type: 'done', found: this.#drop(request.name) })
        return false
      case 'list':
      case 'copy':
        await this.#sendSets(channel, request.type === 'copy')
        await send(channel, { type: 'done', found: this.#sets.size > 0 })
        return false
      case 'release':
        for (const name of [...this.#sets.keys()]) this.#drop(name)
        await send(channel, { type: 'done', found: true })
        this.#end()
        return true
      case 'leave':
        return true
    }
  }

  /**
   * A reader that is slow lets others forget and keep meanwhile: a number that is closed then would soon stand for
   * another descriptor, and that would be sent.
   */
  async #sendSets(channel: FdChannel, withDescriptors: boolean): Promise<void> {
    const sets = [...this.#sets]
    for (const [, held] of sets) held.senders += 1
    try {
      for (const [name, { parked, count, fds }] of sets) {
        await send(channel, { type: 'set', name, parked, count }, withDescriptors ? fds : [])
      }
    } finally {
      for (const [, held] of sets) {
        held.senders -= 1
        closeIfOver(held)
      }
    }
  }

  #drop(name: string): boolean {
    const held = this.#sets.get(name)
    if (held === undefined) return false
    held.isDropped = true
    closeIfOver(held)
    return this.#sets.delete(name)
  }

  #reconsider(left: boolean): void {
    if (this.#connected.size > 0) return
    if (left || this.#sets.size === 0) this.#end()
    else this.#endAfter(this.#options.orphanMs)
  }

  #endAfter(delayMs: number): void {
    this.#timer = setTimeout(() => this.#end(), delayMs)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#options.end()
  }
}

function closeIfOver({ isDropped, senders, fds }: Held): void {
  if (isDropped && senders === 0) closeAll(fds)
}

type Received = Extract<ChannelMessage, { fds: number[] }> | Error

/** An error: one message came without its descriptors, and the connection goes on. */
async function receive(channel: FdChannel): Promise<Received | undefined> {
  try {
    const received = await channel.receive()
    if (received === undefined || 'fds' in received) return received
    throw new Error('bytes are no request')
  } catch (error) {
    if (isRestartError(error) && error.code === 'ERR_RESTART_DESCRIPTORS_LOST') return error
    throw error
  }
}

function send(channel: FdChannel, answer: CompanionAnswer, fds: readonly number[] = []): Promise<void> {
  return channel.send(answer, fds)
}

function refuse(channel: FdChannel, error: Error): Promise<void> {
  const code = isRestartError(error) ? error.code : 'ERR_RESTART_COMPANION_FAILED'
  return send(channel, { type: 'refused', code, text: error.message })
}
