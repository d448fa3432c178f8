import { isDeepStrictEqual } from 'node:util'
import { callListener } from '../call-listener.js'
import type { LinkEvent } from './link-event.js'
import type { LinkListener } from './link-listener.js'
import type { Link } from './links.js'

/**
 * The links as they were told last, and a listener that is told of what becomes different.
 *
 * To read the whole table takes time, and events come meanwhile. Each change of a link is followed by its event, so
 * what an event has said since the reading began is never older than what the reading says, and wins.
 */
export class LinkTable {
  readonly links = new Map<number, Link>()
  readonly #heard = new Set<number>()
  #listener: LinkListener | undefined

  /** Whom to tell from here on; without anybody, changes go into the table silently. */
  tell(listener: LinkListener | undefined): void {
    this.#listener = listener
  }

  beginReading(): void {
    this.#heard.clear()
  }

  endReading(read: readonly Link[]): void {
    const present = new Set(read.map(({ index }) => index))
    for (const link of [...this.links.values()]) {
      if (!present.has(link.index) && !this.#heard.has(link.index)) this.#delete({ link, isGone: true })
    }
    for (const link of read) if (!this.#heard.has(link.index)) this.#set(link)
  }

  apply(event: LinkEvent): void {
    this.#heard.add(event.link.index)
    if (event.isGone) this.#delete(event)
    else this.#set(event.link)
  }

  #set(link: Link): void {
    const before = this.links.get(link.index)
    this.links.set(link.index, link)
    if (before === undefined) callListener(() => this.#listener?.added?.(link))
    else if (!isDeepStrictEqual(before, link)) callListener(() => this.#listener?.changed?.(link, before))
  }

  #delete({ link, movedToIndex }: LinkEvent): void {
    // One that came and went while events were lost was never told of.
    if (!this.links.delete(link.index)) return
    const removed = movedToIndex === undefined ? link : { ...link, movedToIndex }
    callListener(() => this.#listener?.removed?.(removed))
  }
}
