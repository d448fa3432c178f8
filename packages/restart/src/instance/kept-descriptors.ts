import { binding } from '../binding.js'
import { systemError } from '../errors/restart-error.js'

/** Descriptors under names that the application wants to outlive this process. Owns duplicates of them. */
export class KeptDescriptors {
  readonly #kept = new Map<string, number[]>()
  /** Came from the version before, and nobody has said yet what is to become of them. */
  readonly #inherited = new Map<string, number[]>()

  inherit(name: string, fds: readonly number[]): void {
    this.#inherited.set(name, [...fds])
  }

  get inherited(): ReadonlyMap<string, number[]> {
    return this.#inherited
  }

  get kept(): ReadonlyMap<string, readonly number[]> {
    return this.#kept
  }

  /** Goes on keeping what was inherited under this name; undefined if there is nothing. */
  goOn(name: string): readonly number[] | undefined {
    const fds = this.#inherited.get(name)
    if (fds === undefined) return this.#kept.get(name)
    this.#inherited.delete(name)
    this.#replace(name, fds)
    return fds
  }

  /** Keeps duplicates of `fds` instead of what was kept under this name. */
  keep(name: string, fds: readonly number[]): readonly number[] {
    const inherited = this.#inherited.get(name)
    if (inherited?.length === fds.length && inherited.every((fd, index) => fd === fds[index])) {
      return this.goOn(name) as readonly number[]
    }
    const duplicates: number[] = []
    try {
      for (const fd of fds) duplicates.push(binding().duplicateFd(fd))
    } catch (error) {
      closeAll(duplicates)
      throw systemError(error, `keep descriptors under "${name}"`)
    }
    this.#replace(name, duplicates)
    return duplicates
  }

  /** They are the caller's from here on; what was inherited, and else what is kept. */
  take(name: string): number[] | undefined {
    const fds = this.#inherited.get(name) ?? this.#kept.get(name)
    if (!this.#inherited.delete(name)) this.#kept.delete(name)
    return fds
  }

  forget(name: string): boolean {
    const fds = this.take(name)
    closeAll(fds ?? [])
    return fds !== undefined
  }

  /** Closes what nobody has claimed; returns the names of it. */
  closeInherited(): string[] {
    const names = [...this.#inherited.keys()]
    for (const fds of this.#inherited.values()) closeAll(fds)
    this.#inherited.clear()
    return names
  }

  close(): void {
    this.closeInherited()
    for (const fds of this.#kept.values()) closeAll(fds)
    this.#kept.clear()
  }

  #replace(name: string, fds: number[]): void {
    closeAll(this.#kept.get(name) ?? [])
    this.#kept.set(name, fds)
  }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) binding().closeFd(fd)
}
