import { fstatSync } from 'node:fs'
import { managerBinding } from '../supervise/manager-binding.js'

interface Stored {
  name: string
  fd: number
  poll: boolean
}

/**
 * The fd store of a service: what it accepts, it owns.
 *
 * As in systemd, nobody is told what it does not accept: more than it has room for, a file that it has already, and what shows an error
 * or hang-up unless `FDPOLL=0` came with it.
 */
export class StoredDescriptors {
  #all: Stored[] = []

  constructor(readonly room: number) {}

  /** Names and descriptors in the order in which they came. */
  get entries(): readonly Readonly<Stored>[] {
    return this.#all
  }

  /** How many there are under each name. */
  get counts(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { name } of this.#all) counts.set(name, (counts.get(name) ?? 0) + 1)
    return counts
  }

  add(name: string, fds: readonly number[], poll: boolean): void {
    for (const fd of fds) {
      if (this.#accepts(fd, poll)) this.#all.push({ name, fd, poll })
      else managerBinding().closeFd(fd)
    }
  }

  remove(name: string): void {
    this.#dropIf((stored) => stored.name === name)
  }

  /** What systemd notices by itself, at any time. */
  dropHungUp(): void {
    this.#dropIf(({ fd, poll }) => poll && managerBinding().isHungUp(fd))
  }

  clear(): void {
    this.#dropIf(() => true)
  }

  #accepts(fd: number, poll: boolean): boolean {
    if (this.#all.length >= this.room) return false
    if (poll && managerBinding().isHungUp(fd)) return false
    const identity = identityOf(fd)
    return identity === undefined || this.#all.every((stored) => identityOf(stored.fd) !== identity)
  }

  #dropIf(condition: (stored: Stored) => boolean): void {
    const dropped = this.#all.filter(condition)
    this.#all = this.#all.filter((stored) => !dropped.includes(stored))
    for (const { fd } of dropped) managerBinding().closeFd(fd)
  }
}

/** Undefined where one inode stands for many files (eventfd, timerfd, ...). systemd asks kcmp(2), which not every kernel has. */
function identityOf(fd: number): string | undefined {
  const stats = fstatSync(fd, { bigint: true })
  const own = stats.isSocket() || stats.isFIFO() || stats.isFile()
  return own ? `${stats.dev}:${stats.ino}` : undefined
}
