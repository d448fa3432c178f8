import { existsSync, lstatSync } from 'node:fs'
import { binding } from '../binding.js'
import type { ListenAddress } from '../descriptor/listen-address.js'
import { adoptListenSocket, type ListenSocket } from '../descriptor/listen-socket.js'
import { unlinkIfBound } from '../descriptor/socket-file.js'

/** Where a socket came from: a `manager` chose its address itself. */
export type SocketOrigin = 'predecessor' | 'keeper' | 'manager'

interface Candidate {
  name: string
  fd: number
  origin: SocketOrigin
}

/** Sockets that came from elsewhere and that nobody has asked for yet. Owns their descriptors. */
export class InheritedSockets {
  #candidates: Candidate[] = []
  readonly #managed = new WeakSet<ListenSocket>()

  add(name: string, fds: readonly number[], origin: SocketOrigin): void {
    for (const fd of fds) this.#candidates.push({ name, fd, origin })
  }

  get count(): number {
    return this.#candidates.length
  }

  /** The first of this name that serves `address`; what the service manager was told to open is taken as it is. */
  async claim(name: string, address: ListenAddress | undefined): Promise<ListenSocket | undefined> {
    for (const candidate of this.#candidates.filter((each) => each.name === name)) {
      const socket = adopt(candidate)
      if (socket === undefined) continue
      const fits =
        address === undefined ||
        (candidate.origin === 'manager'
          ? sameKind(socket, address)
          : isReachable(socket) && (await socket.serves(address)))
      // Another call may have been quicker.
      if (!fits || !this.#candidates.includes(candidate)) continue
      this.#remove(candidate)
      socket.claimed = true
      if (candidate.origin === 'manager') this.#managed.add(socket)
      return socket
    }
    return undefined
  }

  /** Whether a service manager opened it: it has the socket as well, and its path is not ours to remove. */
  isManaged(socket: ListenSocket): boolean {
    return this.#managed.has(socket)
  }

  /** Hands out the descriptors of this name as they are. */
  take(name: string): number[] {
    const taken = this.#candidates.filter((each) => each.name === name)
    for (const candidate of taken) this.#remove(candidate)
    return taken.map(({ fd }) => fd)
  }

  /**
   * Nobody wants them; the result is their names. With `unlink` a path that leads to one goes too, unless it belongs to the
   * service manager.
   */
  close({ unlink }: { unlink: boolean }): string[] {
    const closed = this.#candidates.splice(0)
    for (const { fd, origin } of closed) {
      if (unlink && origin !== 'manager') unlinkQuietly(fd)
      binding().closeFd(fd)
    }
    return closed.map(({ name }) => name)
  }

  #remove(candidate: Candidate): void {
    this.#candidates = this.#candidates.filter((each) => each !== candidate)
  }
}

function adopt({ name, fd }: Candidate): ListenSocket | undefined {
  try {
    return adoptListenSocket(name, fd)
  } catch {
    // A FIFO, a connection: not what is looked for.
    return undefined
  }
}

/** A Unix socket may have lost its path: nobody can connect to it any more, whatever its name is. */
function isReachable({ address, fd }: ListenSocket): boolean {
  if (!('path' in address) || address.path.startsWith('@')) return true
  if (!existsSync(address.path)) return false
  try {
    const { device, inode } = binding().boundFile(fd)
    const { dev, ino } = lstatSync(address.path, { bigint: true })
    return dev === BigInt(device) && BigInt.asUintN(32, ino) === BigInt(inode)
  } catch {
    // The kernel does not tell (no unix_diag, or a sandbox without AF_NETLINK): what is there is taken for it.
    return true
  }
}

function sameKind(socket: ListenSocket, address: ListenAddress): boolean {
  if ('path' in address) return socket.kind === 'unix'
  return socket.kind === (address.udp ? 'udp' : 'tcp')
}

function unlinkQuietly(fd: number): void {
  try {
    unlinkIfBound(fd)
  } catch {
    // The folder may be read-only by now; whoever binds there next replaces what is stale.
  }
}
