import type { ChannelMessage, Delivery } from './assembler.js'
import { closeAll } from './assembler.js'

/** Says which messages a wait is for. It may not throw. */
export type MessageFilter = (message: ChannelMessage) => boolean

interface Waiter {
  only: MessageFilter | undefined
  resolve: (message: ChannelMessage | undefined) => void
  reject: (error: unknown) => void
}

/**
 * Messages that nobody has asked for yet, and those who wait for one, in their order. Who waits for a certain one comes
 * before who takes any.
 */
export class Mailbox {
  readonly #deliveries: Delivery[] = []
  readonly #waiters: Waiter[] = []

  get size(): number {
    return this.#deliveries.length
  }

  get isAwaited(): boolean {
    return this.#waiters.length > 0
  }

  deliver(delivery: Delivery): void {
    const special = this.#waiters.findIndex(({ only }) => only?.(delivery.content))
    const index = special >= 0 ? special : this.#waiters.findIndex(({ only }) => only === undefined)
    if (index < 0) this.#deliveries.push(delivery)
    else hand(delivery, this.#waiters.splice(index, 1)[0]!)
  }

  /** Settles the waiter with what is there, or remembers it. */
  await(waiter: Waiter): void {
    const { only } = waiter
    const index = only ? this.#deliveries.findIndex(({ content }) => only(content)) : 0
    const found = index < 0 ? undefined : this.#deliveries.splice(index, 1)[0]
    if (found) hand(found, waiter)
    else this.#waiters.push(waiter)
  }

  forget(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter)
    if (index >= 0) this.#waiters.splice(index, 1)
  }

  /** No message will come any more. */
  end(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(undefined)
  }

  /** Nobody may wait any more; what nobody has asked for is let go of. */
  fail(error: unknown): void {
    for (const { content } of this.#deliveries.splice(0)) {
      if ('fds' in content) closeAll(content.fds)
    }
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }
}

function hand({ content, error }: Delivery, waiter: Waiter): void {
  if (error) waiter.reject(error)
  else waiter.resolve(content)
}
