import { binding } from '../binding.js'
import type { CoordinationHandler } from '../coordination/coordination-handler.js'
import type { CoordinationServer } from '../coordination/coordination-server.js'
import { adoptCoordination, openCoordination } from '../coordination/open-coordination.js'
import { unlinkIfBound } from '../descriptor/socket-file.js'
import type { Generations } from '../handover/generations.js'
import type { Estate } from '../handover/incumbent.js'
import type { CheckedOptions } from './instance-options.js'

/** What only the one that serves can have: the coordination socket, and the channels to older generations. */
export class EstateKeeper {
  readonly generations: Generations
  readonly #coordination: CheckedOptions['coordination']
  readonly #handler: CoordinationHandler
  #server: CoordinationServer | undefined
  /** The predecessor's, which it may still take back: nobody is accepted, and its path is not to go. */
  #lent: number | undefined
  #isLent = false

  constructor(
    coordination: CheckedOptions['coordination'],
    handler: CoordinationHandler,
    generations: Generations,
  ) {
    this.#coordination = coordination
    this.#handler = handler
    this.generations = generations
  }

  /** The path as the server knows it; the absolute one. */
  get path(): string | undefined {
    return this.#server?.path
  }

  /** Listens on the coordination socket, unless it does already. */
  async open(): Promise<void> {
    if (this.#coordination === undefined || this.#server !== undefined) return
    this.#server = await openCoordination({ ...this.#coordination, handler: this.#handler })
  }

  /** Takes that of the predecessor if it is the wanted one; nothing of it is used before {@link own}. */
  async adopt(fd: number | undefined, path: string | undefined): Promise<void> {
    if (fd === undefined) return this.open()
    if (this.#coordination === undefined || this.#server !== undefined || !this.#isAt(path)) {
      this.#lent = fd
      return this.open()
    }
    const { mode: _, ...settings } = this.#coordination
    this.#server = await adoptCoordination({ ...settings, fd, handler: this.#handler })
    this.#server.pause()
    this.#isLent = true
  }

  /** What was adopted is this process's for good; what is not the wanted one goes, with its path. */
  own(): void {
    const fd = this.#lent
    this.#lent = undefined
    this.#isLent = false
    this.#server?.resume()
    if (fd === undefined) return
    try {
      unlinkIfBound(fd)
    } finally {
      binding().closeFd(fd)
    }
  }

  /** Opened early when it is not the one of the predecessor: what is wrong with it shows before anything is handed over. */
  async prepare(predecessorPath: string | undefined): Promise<void> {
    if (!this.#isAt(predecessorPath)) await this.open()
  }

  async release(): Promise<Estate> {
    this.#server?.pause()
    const suspended = await this.generations.suspend()
    const now = performance.now()
    const generations = suspended.map(({ older: { pid, generation, since, report }, fd }) => {
      return { pid, generation, sinceMs: Math.round(now - since), hasDrained: report !== undefined, fd }
    })
    return { coordination: this.#server?.fd, generations }
  }

  reclaim(): void {
    this.#server?.resume()
    this.generations.resume()
  }

  /** The next version has it all. Those who are connected here still get their answer. */
  surrender(): Promise<void> {
    this.generations.close()
    return this.#server?.close() ?? Promise.resolve()
  }

  async close(): Promise<void> {
    if (this.#lent !== undefined) binding().closeFd(this.#lent)
    this.#lent = undefined
    await this.#server?.close({ unlink: !this.#isLent })
  }

  #isAt(path: string | undefined): boolean {
    return path !== undefined && path === this.#coordination?.path
  }
}
