import { binding } from '../binding.js'
import { checkBoolean, checkInteger, checkKnown, invalidType } from '../errors/invalid-argument.js'
import { RestartError, systemError } from '../errors/restart-error.js'
import type { FdDescription } from './descriptor-binding.js'
import { checkListenAddress, type ListenAddress, type ListenKind } from './listen-address.js'
import { resolveHost } from './resolve-host.js'
import { setModeIfBound, unlinkIfBound } from './socket-file.js'

/** Where a socket really listens: the port that was chosen, the address that a name stood for. */
export type BoundAddress = { host: string; port: number } | { path: string }

/** What {@link ListenSocket.listenOptions} gives to a server. */
export type ListenOptions = { fd: number; host: string } | { fd: number; path: string }

/** Options of {@link ListenSocket.close}. */
export interface CloseListenSocketOptions {
  /** Remove a Unix socket's path, if it still is this socket's. Default: false, since a successor may serve it. */
  unlink?: boolean | undefined
}

/**
 * A socket that this package made or was given, and keeps: servers get duplicates, so what a server closes stays open here
 * and can be handed over. Made by `instance.listen()`.
 */
export class ListenSocket implements Disposable {
  readonly name: string
  readonly kind: ListenKind
  /** Not for a server, which would close it: see {@link listenOptions}. */
  readonly fd: number
  readonly address: BoundAddress
  /** Whether the program has asked for it. */
  claimed = false
  #isOpen = true

  /** @internal */
  constructor(name: string, kind: ListenKind, fd: number, address: BoundAddress) {
    this.name = name
    this.kind = kind
    this.fd = fd
    this.address = address
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * A duplicate, for one call: `server.listen(socket.listenOptions())` of http, https, http2, net and what is built on them
   * (Fastify, Express, ws), `socket.bind(socket.listenOptions())` of dgram. The server closes it; if it is given to none,
   * nobody does.
   *
   * Node sets the backlog to 511 when a server listens; `server.listen(options, backlog)` sets another. `server.address()`
   * of a Unix socket is null then (see {@link address}), for which Fastify's own `listen` has no word: `await app.ready()`,
   * then `app.server.listen(socket.listenOptions())`. dgram says "listening" before `bind` returns.
   *
   * @throws {RestartError} `EMFILE`, `ERR_RESTART_SOCKET_CLOSED`.
   */
  listenOptions(): ListenOptions {
    this.#requireOpen()
    const { address } = this
    try {
      const fd = binding().duplicateFd(this.fd)
      // Node looks at the descriptor only; Fastify would listen on localhost beside it if it knew no more.
      return 'path' in address ? { fd, path: address.path } : { fd, host: address.host }
    } catch (error) {
      throw systemError(error, `duplicate the socket "${this.name}"`)
    }
  }

  /**
   * Whether this is what one would get by listening on `address`. Port 0 fits any port, and no host all addresses of a
   * family; the mode of a path does not count.
   */
  async serves(address: ListenAddress): Promise<boolean> {
    const wanted = checkListenAddress('address', address)
    if (wanted.kind !== this.kind) return false
    if (wanted.kind === 'unix') return 'path' in this.address && wanted.path === this.address.path
    if (!('port' in this.address)) return false
    if (wanted.port !== 0 && wanted.port !== this.address.port) return false
    if (wanted.host === undefined) return isWildcard(this.address.host)
    return sameHost(await resolveHost(wanted.host), this.address.host)
  }

  /** Sets the permission bits of a Unix socket's path; false if it has none, or it is another socket's by now. */
  setMode(mode: number): boolean {
    checkInteger('mode', mode, 0o777)
    this.#requireOpen()
    return this.kind === 'unix' && setModeIfBound(this.fd, mode)
  }

  /** Closes this process's own descriptor; the socket lives as long as a server here or another process has one. */
  close(options: CloseListenSocketOptions = {}): void {
    checkKnown('options', options, ['unlink'])
    const { unlink = false } = options
    checkBoolean('options.unlink', unlink)
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      if (unlink && this.kind === 'unix') unlinkIfBound(this.fd)
    } finally {
      binding().closeFd(this.fd)
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #requireOpen(): void {
    if (this.#isOpen) return
    throw new RestartError(`the socket "${this.name}" is closed`, { code: 'ERR_RESTART_SOCKET_CLOSED' })
  }
}

/**
 * Takes over a socket that came from elsewhere: a predecessor, the service manager. One that is none stays the caller's.
 *
 * @throws {RestartError} `ERR_RESTART_NOT_A_LISTEN_SOCKET`, `EBADF`.
 */
export function adoptListenSocket(name: string, fd: number): ListenSocket {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  checkInteger('fd', fd, 2 ** 31 - 1)
  try {
    const description = binding().describeFd(fd)
    const kind = kindOf(description)
    const address = boundAddress(description)
    if (kind === undefined || address === undefined) throw notListening(name, fd, description)
    binding().setCloseOnExec(fd, true)
    return new ListenSocket(name, kind, fd, address)
  } catch (error) {
    throw systemError(error, `adopt descriptor ${fd} as the socket "${name}"`)
  }
}

function kindOf(description: FdDescription): ListenKind | undefined {
  if (description.kind !== 'socket') return undefined
  const { family, type, listening, peer } = description
  if (type === 'stream' && listening) return family === 'unix' ? 'unix' : ipKind(family, 'tcp')
  if (type === 'dgram' && peer === undefined) return ipKind(family, 'udp')
  return undefined
}

function ipKind(family: string, kind: ListenKind): ListenKind | undefined {
  return family === 'inet' || family === 'inet6' ? kind : undefined
}

function boundAddress(description: FdDescription): BoundAddress | undefined {
  if (description.kind !== 'socket' || description.local === undefined) return undefined
  const { local } = description
  if ('path' in local) return local
  return local.port === 0 ? undefined : { host: local.address, port: local.port }
}

function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0'
}

/** One IPv6 address has many spellings; the kernel's is the one of `URL`. */
function sameHost(wanted: string, bound: string): boolean {
  if (wanted === bound) return true
  if (!wanted.includes(':') || wanted.includes('%')) return false
  return new URL(`http://[${wanted}]`).hostname === new URL(`http://[${bound}]`).hostname
}

function notListening(name: string, fd: number, description: FdDescription): RestartError {
  const found =
    description.kind === 'socket'
      ? `a ${description.family} ${description.type} socket${description.peer ? ' with a peer' : ''}`
      : `a ${description.kind}`
  return new RestartError(`descriptor ${fd} ("${name}") is no socket to listen on, but ${found}`, {
    code: 'ERR_RESTART_NOT_A_LISTEN_SOCKET',
    hint: 'TCP and Unix stream sockets must listen, UDP sockets must be bound and have no peer',
  })
}
