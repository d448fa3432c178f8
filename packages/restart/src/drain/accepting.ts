import { once } from 'node:events'
import { type ListenOptions, Server } from 'node:net'
import { RestartError } from '../errors/restart-error.js'
import type { Listeners } from './listeners.js'

/** Has the server listen again; resolves when it does. */
export type Relisten = (name: string, server: Server) => Promise<void>

/** Whether a server accepts connections: reversible, and without touching those it has. */
export class Accepting {
  readonly #name: string
  readonly #server: Server
  readonly #relisten: Relisten | undefined
  #stopped = false
  #before: ListenOptions | undefined

  constructor(name: string, server: Server, listeners: Listeners, relisten: Relisten | undefined) {
    this.#name = name
    this.#server = server
    this.#relisten = relisten
    listeners.on(server, 'listening', () => {
      if (this.#stopped) this.#close()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#close()
  }

  async resume(): Promise<void> {
    this.#stopped = false
    const before = this.#before
    this.#before = undefined
    if (before === undefined) return
    try {
      if (this.#relisten !== undefined) await this.#relisten(this.#name, this.#server)
      else await listen(this.#server, before)
    } catch (cause) {
      throw new RestartError(`Cannot listen again for ${this.#name}: ${(cause as Error).message}`, {
        code: 'ERR_RESTART_RELISTEN_FAILED',
        hint: 'Another process may have taken the address meanwhile: keep the socket open elsewhere, as an instance does',
        cause,
      })
    }
  }

  #close(): void {
    if (!this.#server.listening) return
    const address = this.#server.address()
    if (typeof address === 'string') this.#before = { path: address }
    else this.#before = address === null ? {} : { host: address.address, port: address.port }
    // The method of `net`: that of `http` would also cut the idle connections, some with a request under way.
    Server.prototype.close.call(this.#server)
  }
}

async function listen(server: Server, options: ListenOptions): Promise<void> {
  const listening = once(server, 'listening')
  server.listen(options)
  await listening
}
