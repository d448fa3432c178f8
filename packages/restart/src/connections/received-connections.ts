import { freeDescriptors } from '../descriptor/free-descriptors.js'
import type { DrainEnvironment } from '../drain/drain-environment.js'
import { invalidType } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'

// Nobody answers them meanwhile: a client is better off with a closed connection than with a silent one.
const unclaimedMs = 10_000

type Admit = (fd: number) => void

/** Connections from the predecessor, on their way to the server of their name. */
export class ReceivedConnections {
  readonly #environment: DrainEnvironment
  readonly #servers = new Map<string, Admit>()
  readonly #unclaimed = new Map<string, { fds: number[]; cancel: () => void }>()
  #closed = false

  constructor(environment: DrainEnvironment) {
    this.#environment = environment
  }

  /** Takes the descriptors over, whether the server is known already or not; none of them if it throws. */
  receive(server: string, fds: readonly number[]): void {
    if (typeof server !== 'string') throw invalidType('server', 'a string', server)
    if (this.#closed) {
      throw new RestartError(`Connections of ${server} come too late: the drain is over`, {
        code: 'ERR_RESTART_STOPPING',
      })
    }
    if (freeDescriptors() === 0) {
      throw new RestartError(`Connections of ${server} would leave no descriptor for new ones`, {
        code: 'ERR_RESTART_TOO_MANY_DESCRIPTORS',
        hint: 'Raise the limit of open files: LimitNOFILE= in the unit, ulimit -n in a shell',
      })
    }
    const admit = this.#servers.get(server)
    if (admit !== undefined) {
      for (const fd of fds) this.#admit(admit, fd)
      return
    }
    const waiting = this.#unclaimed.get(server)
    if (waiting !== undefined) {
      waiting.fds.push(...fds)
      return
    }
    const cancel = this.#environment.after(unclaimedMs, () => this.#close(server))
    this.#unclaimed.set(server, { fds: [...fds], cancel })
  }

  /** Whether a server of this name takes connections. */
  serves(server: string): boolean {
    return this.#servers.has(server)
  }

  /** A server of this name is there now. */
  claim(server: string, admit: Admit): void {
    this.#servers.set(server, admit)
    const waiting = this.#unclaimed.get(server)
    if (waiting === undefined) return
    this.#unclaimed.delete(server)
    waiting.cancel()
    for (const fd of waiting.fds) this.#admit(admit, fd)
  }

  /** How many wait for a server that is not registered. */
  get unclaimed(): number {
    let count = 0
    for (const { fds } of this.#unclaimed.values()) count += fds.length
    return count
  }

  close(): void {
    this.#closed = true
    for (const server of [...this.#unclaimed.keys()]) this.#close(server)
    this.#servers.clear()
  }

  #admit(admit: Admit, fd: number): void {
    try {
      admit(fd)
    } catch {
      // Not a connected stream socket; nobody else would close it.
      this.#environment.closeFd(fd)
    }
  }

  #close(server: string): void {
    const waiting = this.#unclaimed.get(server)
    if (waiting === undefined) return
    this.#unclaimed.delete(server)
    waiting.cancel()
    for (const fd of waiting.fds) this.#environment.closeFd(fd)
  }
}
