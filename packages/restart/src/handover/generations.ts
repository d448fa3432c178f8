import type { OlderGeneration } from './older-generation.js'

/** From "force" to SIGKILL. */
const KILL_AFTER_MS = 5_000

/** All versions that still finish their work, bounded: the oldest has to go when there are too many. */
export class Generations {
  readonly #most: number
  readonly #timer: (delayMs: number, call: () => void) => () => void
  readonly #kill: (pid: number) => void
  /** The youngest first. */
  #all: OlderGeneration[] = []

  constructor(
    most: number,
    timer: (delayMs: number, call: () => void) => () => void,
    kill: (pid: number) => void,
  ) {
    this.#most = most
    this.#timer = timer
    this.#kill = kill
  }

  get all(): readonly OlderGeneration[] {
    return this.#all
  }

  /** They are added in any order. */
  add(generation: OlderGeneration): void {
    this.#all.push(generation)
    this.#all.sort((a, b) => b.generation - a.generation)
    void generation.exited.then(() => this.remove(generation))
    for (const surplus of this.#all.slice(this.#most)) this.#force(surplus)
  }

  remove(generation: OlderGeneration): void {
    this.#all = this.#all.filter((each) => each !== generation)
  }

  /** Reads none of them any more: their channels go to the next version. */
  async suspend(): Promise<{ older: OlderGeneration; fd: number }[]> {
    const suspended = await Promise.all(
      this.#all.map(async (older) => ({ older, fd: await older.suspend() })),
    )
    return suspended.filter(({ older }) => this.#all.includes(older))
  }

  resume(): void {
    for (const each of this.#all) each.resume()
  }

  /** They have gone to the next version. */
  close(): void {
    for (const each of this.#all) each.close()
    this.#all = []
  }

  #force(surplus: OlderGeneration): void {
    surplus.force()
    // The channel is open as long as the process lives, so its number cannot mean somebody else.
    const cancel = this.#timer(KILL_AFTER_MS, () => {
      if (!surplus.hasExited && this.#all.includes(surplus)) this.#kill(surplus.pid)
    })
    void surplus.exited.then(cancel)
  }
}
