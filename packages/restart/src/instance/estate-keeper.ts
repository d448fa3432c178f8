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

  /** Goes on with that of the predecessor if it is the wanted one; else it is gone for good, with its path. */
  async adopt(fd: number | undefined, path: string | undefined): Promise<void> {
    if (fd === undefined) return this.open()
    if (this.#coordination === undefined || this.#server !== undefined || !this.#isAt(path)) {
      unlinkIfBound(fd)
      binding().closeFd(fd)
      return this.open()
    }
    const { mode: _, ...settings } = this.#coordination
    this.#server = await adoptCoordination({ ...settings, fd, handler: this.#handler })
  }

  /** Opened early when it is not the one of the predecessor: what is wrong with it shows before anything is handed over. */
  async prepare(predecessorPath: string | undefined): Promise<void> {
    if (!this.#isAt(predecessorPath)) await this.open()
  }

  async release(): Promise<Estate> {
    this.#server?.pause()
    const generations = await this.generations.suspend()
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
    await this.#server?.close({ unlink: true })
  }

  #isAt(path: string | undefined): boolean {
    return path !== undefined && path === this.#coordination?.path
  }
}
