import { isDeepStrictEqual } from 'node:util'
import { callListener } from '../../connection/call-listener.js'

/** What a message says of one entry. */
export interface MirrorEvent<Key, Entry> {
  key: Key
  /** As it is now, or as it was in its last moment if it is gone. */
  entry: Entry
  isGone: boolean
}

/** Who is told of what becomes different. */
export interface MirrorListener<Entry> {
  /** One that was not there. */
  added?(entry: Entry): void
  /** Something that the entry shows is different from `before`. */
  changed?(entry: Entry, before: Entry): void
  /** One that is gone, as it was in its last moment. */
  removed?(entry: Entry): void
}

/**
 * The entries of one table of the kernel as they were told last, and a listener that is told of what becomes different.
 *
 * To read the whole table takes time, and events come meanwhile. Each change of an entry is followed by its event, so
 * what an event has said since the reading began is never older than what the reading says, and wins.
 */
export class Mirror<Key, Entry> {
  readonly entries = new Map<Key, Entry>()
  readonly #heard = new Set<Key>()
  #isReading = false
  #listener: MirrorListener<Entry> | undefined

  /** Whom to tell from here on; without anybody, changes go into the table silently. */
  tell(listener: MirrorListener<Entry> | undefined): void {
    this.#listener = listener
  }

  beginReading(): void {
    this.#heard.clear()
    this.#isReading = true
  }

  /** Removals come first, so that a name is told gone before it is told taken. */
  endReading(read: ReadonlyMap<Key, Entry>): void {
    for (const [key, entry] of [...this.entries]) {
      if (!read.has(key) && !this.#heard.has(key)) this.#delete(key, entry)
    }
    for (const [key, entry] of read) if (!this.#heard.has(key)) this.#set(key, entry)
    this.#heard.clear()
    this.#isReading = false
  }

  apply({ key, entry, isGone }: MirrorEvent<Key, Entry>): void {
    if (this.#isReading) this.#heard.add(key)
    if (isGone) this.#delete(key, entry)
    else this.#set(key, entry)
  }

  #set(key: Key, entry: Entry): void {
    const before = this.entries.get(key)
    this.entries.set(key, entry)
    if (before === undefined) callListener(() => this.#listener?.added?.(entry))
    else if (!isDeepStrictEqual(before, entry)) callListener(() => this.#listener?.changed?.(entry, before))
  }

  #delete(key: Key, entry: Entry): void {
    // One that came and went while events were lost was never told of.
    if (this.entries.delete(key)) callListener(() => this.#listener?.removed?.(entry))
  }
}
