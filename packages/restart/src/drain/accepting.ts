import { once } from 'node:events'
import { Server } from 'node:net'
import { binding } from '../binding.js'
import { RestartError } from '../errors/restart-error.js'
import type { Listeners } from './listeners.js'

/** Where a server listened, as the kernel says. */
export type ListenedAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/**
 * Has the server listen again on `before`; resolves when it does.
 *
 * `before` is undefined where it cannot be known. `name` is that of the server in the drain, which need not be that of a socket.
 */
export type Relisten = (name: string, server: Server, before: ListenedAddress | undefined) => Promise<void>

/** Whether a server accepts connections: reversible, and without touching those it has. */
export class Accepting {
  readonly #name: string
  readonly #server: Server
  readonly #relisten: Relisten | undefined
  #stopped = false
  #closed = false
  #before: ListenedAddress | undefined

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
    if (!this.#closed) return
    this.#closed = false
    try {
      if (this.#relisten !== undefined) await this.#relisten(this.#name, this.#server, this.#before)
      else await listen(this.#server, this.#before)
    } catch (cause) {
      // Whoever tries again means this server too.
      this.#closed = !this.#server.listening
      throw new RestartError(`Cannot listen again for ${this.#name}: ${(cause as Error).message}`, {
        code: 'ERR_RESTART_RELISTEN_FAILED',
        hint: 'Another process may have taken the address meanwhile: keep the socket open elsewhere, as an instance does',
        cause,
      })
    }
  }

  #close(): void {
    if (!this.#server.listening) return
    this.#before = listenedAddress(this.#server)
    this.#closed = true
    // The method of `net`: that of `http` would also cut the idle connections, some with a request under way.
    Server.prototype.close.call(this.#server)
  }
}

async function listen(server: Server, address: ListenedAddress | undefined): Promise<void> {
  if (address === undefined) throw new Error('it is not known where it listened')
  const listening = once(server, 'listening')
  server.listen({ ...address })
  await listening
}

function listenedAddress(server: Server): ListenedAddress | undefined {
  const address = server.address()
  if (typeof address === 'string') return { path: address }
  if (address !== null) return { host: address.address, port: address.port }
  return descriptorPath(server)
}

/**
 * The path of a Unix socket that came as a descriptor, of which Node has no address.
 *
 * The descriptor itself it has for itself: where that is gone, the path is not known.
 */
function descriptorPath(server: Server): ListenedAddress | undefined {
  const fd = (server as { readonly _handle?: { readonly fd?: unknown } | null })._handle?.fd
  if (typeof fd !== 'number' || fd < 0) return undefined
  try {
    const description = binding().describeFd(fd)
    const local = description.kind === 'socket' ? description.local : undefined
    return local !== undefined && 'path' in local ? { path: local.path } : undefined
  } catch {
    return undefined
  }
}
