import { binding } from '../binding.js'
import { systemError } from '../errors/restart-error.js'
import { GenerationLink, type LinkEvents } from './generation-link.js'
import type { RecordSlab } from './record-slab.js'

/** Links to the instances before this one, and which routes are theirs. */
export class OlderInstances {
  readonly links = new Set<GenerationLink>()
  readonly #slab: RecordSlab
  readonly #owners = new Map<string, GenerationLink>()
  /** Pairs of offset and length in the slab, for each that something is for. */
  readonly #spans = new Map<GenerationLink, number[]>()
  /** Of links that are gone. */
  #overflows = 0

  constructor(slab: RecordSlab) {
    this.#slab = slab
  }

  /**
   * Takes the descriptors of a succession over, also if it throws. Returns the link to the instance that reads until now,
   * which is not among `links`.
   */
  take(fds: readonly number[], events: LinkEvents): GenerationLink | undefined {
    const taken: GenerationLink[] = []
    try {
      for (const fd of fds) taken.push(new GenerationLink(fd, this.#slab, events))
    } catch (error) {
      for (const link of taken) link.close()
      for (const fd of fds.slice(taken.length)) closeQuietly(fd)
      const hint = '`predecessor` must be what `fds` of a succession became here'
      throw systemError(error, 'take a UDP socket over', hint)
    }
    const reading = taken.shift()
    for (const link of taken) this.links.add(link)
    return reading
  }

  get ownsNothing(): boolean {
    return this.#owners.size === 0
  }

  get haveAllListed(): boolean {
    for (const link of this.links) if (!link.listed) return false
    return true
  }

  get overflows(): number {
    let sum = this.#overflows
    for (const link of this.links) sum += link.overflows
    return sum
  }

  ownerOf(key: string): GenerationLink | undefined {
    return this.#owners.get(key)
  }

  claim(link: GenerationLink, keys: readonly string[]): void {
    for (const key of keys) this.#owners.set(key, link)
  }

  release(link: GenerationLink, keys: readonly string[]): void {
    for (const key of keys) if (this.#owners.get(key) === link) this.#owners.delete(key)
  }

  /** Its sessions are gone with it. */
  forget(link: GenerationLink): void {
    if (!this.links.delete(link)) return
    this.#overflows += link.overflows
    this.#spans.delete(link)
    for (const [key, owner] of this.#owners) if (owner === link) this.#owners.delete(key)
  }

  /** To be sent by {@link forward}, before the slab is filled again. */
  collect(owner: GenerationLink, index: number): void {
    let spans = this.#spans.get(owner)
    if (spans === undefined) {
      spans = []
      this.#spans.set(owner, spans)
    }
    spans.push(this.#slab.offset(index), this.#slab.length(index))
  }

  /** Returns how many. */
  forward(): number {
    let sum = 0
    for (const [link, spans] of this.#spans) {
      sum += spans.length / 2
      link.forward(this.#slab.bytes, Int32Array.from(spans), spans.length / 2)
    }
    this.#spans.clear()
    return sum
  }
}

function closeQuietly(fd: number): void {
  try {
    binding().closeFd(fd)
  } catch {
    // It was none; that has been said.
  }
}
