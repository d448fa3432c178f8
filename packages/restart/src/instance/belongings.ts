import type { ListenAddress } from '../descriptor/listen-address.js'
import type { ListenSocket } from '../descriptor/listen-socket.js'
import { type ListenSocketOptions, openListenSocket } from '../descriptor/open-listen-socket.js'
import { invalidValue } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'
import type { Gift } from '../handover/incumbent.js'
import type { Belonging } from '../handover/messages.js'
import { InheritedSockets } from './inherited-sockets.js'
import { checkName } from './instance-options.js'
import { KeptDescriptors } from './kept-descriptors.js'
import type { Vault } from './vault.js'
import { whileItDies } from './while-it-dies.js'

const LISTEN = 'restart.listen.'
const KEEP = 'restart.keep.'

/** Descriptors for one next version, from a {@link HandoverSource}. */
export interface MadeForSuccessor {
  readonly fds: readonly number[]
  /** They are there, or have failed to get there. */
  passed(): void
  /** Nothing came of it. */
  cancel(): void
}

/** Something that is handed over in its own way. */
export interface HandoverSource {
  /** `closed`: there is nothing to hand over any more. */
  readonly state: string
  prepareSuccessor(): MadeForSuccessor
}

/** What an instance has and hands on by name: sockets that it listens on, and what it keeps. */
export class OwnBelongings {
  readonly #inherited = new InheritedSockets()
  readonly #kept = new KeptDescriptors()
  readonly #report: (error: Error) => void
  #sockets: ListenSocket[] = []
  #vault: Vault | undefined
  /** Only who serves may tell the vault anything. */
  #isOwner = false
  /** Names that the vault has from before. */
  readonly #stale = new Set<string>()
  /** Keys under which the vault may have something else than this process. */
  readonly #changed = new Set<string>()
  readonly #sources = new Map<string, HandoverSource>()
  /** A predecessor died before it had given everything: what it listened on may not be free yet. */
  #mayBeTaken = false

  constructor(report: (error: Error) => void) {
    this.#report = report
  }

  set vault(vault: Vault | undefined) {
    this.#vault = vault
  }

  /** How many descriptors nobody has asked for yet. */
  get inheritedCount(): number {
    let count = this.#inherited.count
    for (const fds of this.#kept.inherited.values()) count += fds.length
    return count
  }

  get sockets(): readonly ListenSocket[] {
    return this.#sockets
  }

  get kept(): KeptDescriptors {
    return this.#kept
  }

  inheritFromPredecessor(
    kind: 'listen' | 'keep',
    name: string,
    fds: readonly number[],
    managed = false,
  ): void {
    if (managed) {
      this.#inherited.add(name, fds, 'manager')
      return
    }
    if (kind === 'listen') this.#inherited.add(name, fds, 'predecessor')
    else this.#kept.inherit(name, fds)
    this.#stale.add((kind === 'listen' ? LISTEN : KEEP) + name)
  }

  predecessorDied(): void {
    this.#mayBeTaken = true
  }

  /** What a service manager or a companion passed; true if it had been given it by an instance that died. */
  inheritFromKeeper(name: string, fds: readonly number[]): boolean {
    if (name.startsWith(LISTEN)) this.#inherited.add(name.slice(LISTEN.length), fds, 'keeper')
    else if (name.startsWith(KEEP)) this.#kept.inherit(name.slice(KEEP.length), fds)
    else {
      this.#inherited.add(name, fds, 'manager')
      return false
    }
    this.#stale.add(name)
    return true
  }

  async listen(
    name: string,
    address: ListenAddress | undefined,
    options: ListenSocketOptions,
  ): Promise<ListenSocket> {
    checkName(name)
    const inherited = await this.#inherited.claim(name, address)
    if (inherited === undefined && address === undefined) {
      throw new RestartError(`no socket "${name}" was passed to this process`, {
        code: 'ERR_RESTART_NO_SUCH_SOCKET',
        hint: 'Give an address, or name the socket so in its unit (FileDescriptorName=)',
      })
    }
    if (inherited === undefined && this.#stale.has(LISTEN + name)) this.#changed.add(LISTEN + name)
    const socket = inherited ?? (await this.#open(name, address as ListenAddress, options))
    socket.claimed = true
    this.#sockets.push(socket)
    if (this.#isOwner) await this.#storeSockets(name)
    return socket
  }

  async keep(name: string, fds: readonly number[] | undefined): Promise<void> {
    checkName(name)
    if (this.#sources.has(name)) throw invalidValue('name', 'another name than that of a server', name)
    const before = this.#kept.inherited.get(name) ?? this.#kept.kept.get(name)
    const kept = fds === undefined ? this.#kept.goOn(name) : this.#kept.keep(name, fds)
    const mayBeStored = before !== undefined || this.#stale.has(KEEP + name)
    if (kept !== before && mayBeStored) this.#changed.add(KEEP + name)
    if (kept === undefined) {
      throw new RestartError(`nothing is kept under "${name}"`, { code: 'ERR_RESTART_NOT_KEPT' })
    }
    if (this.#isOwner) await this.#store(KEEP + name, kept)
  }

  async forget(name: string): Promise<void> {
    checkName(name)
    this.#kept.forget(name)
    if (this.#isOwner) await this.#vault?.remove(KEEP + name)
  }

  /** Descriptors of a name, kept or from a service manager; the caller's from now on. */
  async take(name: string): Promise<number[]> {
    checkName(name)
    const fds = this.#kept.take(name) ?? this.#inherited.take(name)
    if (this.#isOwner) await this.#vault?.remove(KEEP + name)
    return fds
  }

  /** Asks `source` at each restart for descriptors that are made for the next version alone. */
  addSource(name: string, source: HandoverSource): void {
    checkName(name)
    if (this.#sources.has(name)) throw invalidValue('name', 'a name that no other server has', name)
    if (this.#kept.kept.has(name)) throw invalidValue('name', 'a name under which nothing is kept', name)
    this.#sources.set(name, source)
  }

  removeSource(name: string): void {
    this.#sources.delete(name)
  }

  /** As they go to the next version; the descriptors stay this one's. */
  offer(): Gift {
    const belongings: Belonging[] = []
    const fds: number[] = []
    for (const socket of this.#sockets) {
      const { name, fd, isOpen } = socket
      if (!isOpen) continue
      const isManaged = this.#inherited.isManaged(socket)
      belongings.push({ kind: 'listen', name, count: 1, ...(isManaged && { managed: true as const }) })
      fds.push(fd)
    }
    for (const [name, kept] of this.#kept.kept) {
      belongings.push({ kind: 'keep', name, count: kept.length })
      fds.push(...kept)
    }
    const made = this.#make()
    for (const [name, one] of made) {
      belongings.push({ kind: 'keep', name, count: one.fds.length })
      fds.push(...one.fds)
    }
    return {
      belongings,
      fds,
      passed: () => made.forEach((one) => void one.passed()),
      cancel: () => made.forEach((one) => void one.cancel()),
    }
  }

  /** All or none. */
  #make(): Map<string, MadeForSuccessor> {
    const made = new Map<string, MadeForSuccessor>()
    try {
      for (const [name, source] of this.#sources) {
        if (source.state !== 'closed') made.set(name, source.prepareSuccessor())
      }
      return made
    } catch (error) {
      for (const one of made.values()) {
        one.passed()
        one.cancel()
      }
      throw error
    }
  }

  /** This process serves: what nobody asked for is closed, and the vault has what there is. */
  async own(): Promise<void> {
    this.#isOwner = true
    for (const name of this.#inherited.close({ unlink: true })) this.#changed.add(LISTEN + name)
    this.#kept.closeInherited()
    const vault = this.#vault
    if (vault === undefined) return
    const own = this.#sockets.filter((socket) => !this.#inherited.isManaged(socket))
    const names = new Set(own.map(({ name }) => LISTEN + name))
    for (const name of this.#kept.kept.keys()) names.add(KEEP + name)
    try {
      for (const name of this.#stale) if (!names.has(name)) await vault.remove(name)
      for (const name of new Set(own.map((socket) => socket.name))) await this.#storeSockets(name)
      for (const [name, fds] of this.#kept.kept) await this.#store(KEEP + name, fds)
    } catch (error) {
      // Without a store the service is as good as before, until it crashes.
      this.#report(error as Error)
    }
  }

  /**
   * The next version has them: were they held here while work ends, and that version crashed, nobody could listen there for
   * so long. UDP sockets serve their sessions.
   */
  closeStreamSockets(): void {
    for (const socket of this.#sockets) if (socket.kind !== 'udp') this.#close(socket, false)
    this.#sockets = this.#sockets.filter(({ isOpen }) => isOpen)
  }

  close({ unlink }: { unlink: boolean }): void {
    this.#inherited.close({ unlink })
    this.#kept.close()
    // A socket that comes back without its path is of no use to anybody.
    const unlinks = unlink && this.#vault?.outlivesStop !== true
    for (const socket of this.#sockets.splice(0)) this.#close(socket, unlinks)
  }

  #close(socket: ListenSocket, unlink: boolean): void {
    try {
      socket.close({ unlink: unlink && !this.#inherited.isManaged(socket) })
    } catch (error) {
      this.#report(error as Error)
    }
  }

  #open(name: string, address: ListenAddress, options: ListenSocketOptions): Promise<ListenSocket> {
    const open = () => openListenSocket(name, address, options)
    return this.#mayBeTaken ? whileItDies(['EADDRINUSE'], open) : open()
  }

  /** A service manager has what it opened. */
  async #storeSockets(name: string): Promise<void> {
    const own = this.#sockets.filter((socket) => socket.name === name && socket.isOpen)
    const fds = own.filter((socket) => !this.#inherited.isManaged(socket)).map(({ fd }) => fd)
    if (fds.length > 0) await this.#store(LISTEN + name, fds)
  }

  /** What is there already stays there: taken out first, it would be lost with a crash in between. */
  async #store(key: string, fds: readonly number[]): Promise<void> {
    await this.#vault?.store(key, fds, this.#changed.has(key))
    this.#changed.delete(key)
  }
}
