import { isGone, type Line } from './environment.js'

/** As many as fit into one packet: the channel may change hands between two packets, and nothing may be half read then. */
const MAX_CONNECTIONS_PER_MESSAGE = 250

export interface SuccessorEvents {
  /** There are too many generations: this one is to end now. */
  force(): void
}

/** The channel to the version that has taken over, while this one finishes its work. */
export class SuccessorLink {
  readonly #line: Line
  readonly #closeFd: (fd: number) => void
  readonly #events: SuccessorEvents
  readonly #waiting = new Map<number, (taken: boolean) => void>()
  #next = 1
  #gone = false

  constructor(line: Line, closeFd: (fd: number) => void, events: SuccessorEvents) {
    this.#line = line
    this.#closeFd = closeFd
    this.#events = events
    line.unref()
    void this.#listen()
  }

  /**
   * True: the successor has all of them. False: it has none, keep them; more than 250 at once are never taken. The
   * descriptors stay the caller's.
   */
  async sendConnections(server: string, fds: readonly number[]): Promise<boolean> {
    if (this.#gone || fds.length > MAX_CONNECTIONS_PER_MESSAGE) return false
    const id = this.#next++
    const answer = new Promise<boolean>((resolve) => this.#waiting.set(id, resolve))
    try {
      await this.#line.send({ type: 'connections', id, server, count: fds.length }, fds)
    } catch (error) {
      this.#waiting.delete(id)
      if (isGone(error)) return false
      throw error
    }
    return answer
  }

  /** The work is done; the end of the process follows. */
  async drained(report: object): Promise<void> {
    try {
      await this.#line.send({ type: 'drained', report })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const received = await this.#line.receive()
        if (received === undefined) return
        if ('bytes' in received) continue
        for (const fd of received.fds) this.#closeFd(fd)
        this.#hear(received.message as { type?: unknown; id?: unknown; taken?: unknown })
      }
    } catch {
      // Whoever holds the other end writes nonsense: it is not listened to any more.
    } finally {
      this.#gone = true
      for (const resolve of this.#waiting.values()) resolve(false)
      this.#waiting.clear()
    }
  }

  #hear({ type, id, taken }: { type?: unknown; id?: unknown; taken?: unknown }): void {
    if (type === 'force') this.#events.force()
    // It is answered in order, and cannot tell the id of what did not come whole.
    if (type === 'lost') this.#settle(this.#waiting.keys().next().value, false)
    if (type !== 'took' || typeof id !== 'number') return
    this.#settle(id, taken === true)
  }

  #settle(id: number | undefined, taken: boolean): void {
    if (id === undefined) return
    this.#waiting.get(id)?.(taken)
    this.#waiting.delete(id)
  }
}
