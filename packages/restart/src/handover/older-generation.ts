import type { Line, LineMessage } from './environment.js'

export interface GenerationEvents {
  /** Takes over the descriptors; false or a rejection says that the older one keeps its connections. */
  connections(server: string, fds: readonly number[]): boolean | Promise<boolean>
  /** Its process is gone. */
  exited(): void
}

/** One version that has been superseded and still finishes its work, as the one that serves sees it. */
export class OlderGeneration {
  readonly pid: number
  readonly generation: number
  readonly since: number
  readonly exited: Promise<void>
  readonly #line: Line & { readonly fd: number }
  readonly #events: GenerationEvents
  readonly #closeFd: (fd: number) => void
  #leave = new AbortController()
  #listening: Promise<void>
  #exit!: () => void
  #hasExited = false
  #report: object | undefined

  constructor(
    who: { pid: number; generation: number; hasDrained?: boolean },
    line: Line & { readonly fd: number },
    now: number,
    closeFd: (fd: number) => void,
    events: GenerationEvents,
  ) {
    this.pid = who.pid
    this.generation = who.generation
    // It was told to the version before.
    if (who.hasDrained) this.#report = {}
    this.since = now
    this.#line = line
    this.#events = events
    this.#closeFd = closeFd
    this.exited = new Promise((resolve) => {
      this.#exit = resolve
    })
    line.unref()
    this.#listening = this.#listen()
  }

  get hasExited(): boolean {
    return this.#hasExited
  }

  /** What it told about its end; the process may live a little longer. */
  get report(): object | undefined {
    return this.#report
  }

  force(): void {
    this.#line.send({ type: 'force' }).catch(() => {})
  }

  /** Reads no further, so that the channel can go to somebody else; what was read is done. */
  async suspend(): Promise<number> {
    this.#leave.abort()
    await this.#listening
    return this.#line.fd
  }

  resume(): void {
    if (!this.#leave.signal.aborted || this.#hasExited) return
    this.#leave = new AbortController()
    this.#listening = this.#listen()
  }

  close(): void {
    this.#leave.abort()
    this.#line.close()
  }

  async #listen(): Promise<void> {
    const { signal } = this.#leave
    try {
      while (!signal.aborted) {
        const received = await this.#receive(signal)
        if (received === undefined) return this.#end()
        if ('fds' in received) await this.#hear(received.message, received.fds)
      }
    } catch {
      // A channel that cannot be read any more tells nothing, also not that the process has ended.
      if (!signal.aborted) this.#end()
    }
  }

  async #receive(signal: AbortSignal): Promise<LineMessage | undefined> {
    for (;;) {
      try {
        return await this.#line.receive({ signal })
      } catch (error) {
        // There was no room for the connections in a message; the older one still has them.
        if ((error as { code?: string }).code !== 'ERR_RESTART_DESCRIPTORS_LOST') throw error
        await this.#line.send({ type: 'lost' })
      }
    }
  }

  async #hear(message: object, fds: number[]): Promise<void> {
    const { type, id, server, report } = message as Record<string, unknown>
    if (type === 'connections' && typeof server === 'string') {
      await this.#line.send({ type: 'took', id, taken: await this.#take(server, fds) }).catch(() => {})
      return
    }
    for (const fd of fds) this.#closeFd(fd)
    if (type === 'drained' && typeof report === 'object' && report !== null) this.#report = report
  }

  async #take(server: string, fds: number[]): Promise<boolean> {
    try {
      if (await this.#events.connections(server, fds)) return true
    } catch {
      // Told below.
    }
    for (const fd of fds) this.#closeFd(fd)
    return false
  }

  #end(): void {
    if (this.#hasExited) return
    this.#hasExited = true
    this.#line.close()
    this.#exit()
    this.#events.exited()
  }
}
