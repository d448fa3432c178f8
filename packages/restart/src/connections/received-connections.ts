import type { DrainEnvironment } from '../drain/drain-environment.js'
import { invalidType } from '../errors/invalid-argument.js'

// Nobody answers them meanwhile: a client is better off with a closed connection than with a silent one.
const unclaimedMs = 10_000

type Admit = (fd: number) => void

/** Connections from the predecessor, on their way to the server of their name. */
export class ReceivedConnections {
  readonly #environment: DrainEnvironment
  readonly #servers = new Map<string, Admit>()
  readonly #unclaimed = new Map<string, { fds: number[]; cancel: () => void }>()

  constructor(environment: DrainEnvironment) {
    this.#environment = environment
  }

  /** Takes the descriptors over, whether the server is known already or not. */
  receive(server: string, fds: readonly number[]): void {
    if (typeof server !== 'string') throw invalidType('server', 'a string', server)
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
