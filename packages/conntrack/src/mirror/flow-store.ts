import type { FlowEvent } from '../events/conntrack-event.js'
import type { Flow } from '../flow/flow.js'
import { callListener } from './call-listener.js'
import { flowKeyText } from './flow-key-text.js'
import { hasChanged, mergeFlow } from './merge-flow.js'

/** Who is told of what becomes different. */
export interface FlowStoreListener {
  /** One that was not there. */
  added?(flow: Flow): void
  /** Something of it is different from `before`, and it is not only what runs by itself: timeout, counters, references. */
  changed?(flow: Flow, before: Flow): void
  /** One that is gone, as it was in its last moment: with counters and times of its end, if the kernel has told of it. */
  removed?(flow: Flow): void
}

interface Entry {
  flow: Flow
  /** The number of the dump that has confirmed it last, or during which an event has told of it. */
  reading: number
  /** No event has told of it: it may have been made while nobody listened, and will end without a word. */
  isSilent: boolean
}

/**
 * The entries of a table, made of events and of dumps.
 *
 * A dump takes time, and events come meanwhile. What an event has said since the dump began is never older than what the dump
 * says: each change is followed by its event. So events win, and of an entry that has ended meanwhile the dump is not
 * believed: the kernel tells of an end while the entry still stands in the table. What the dump did not confirm is gone.
 */
export class FlowStore {
  readonly #matches: (flow: Flow) => boolean
  /** By original tuple and zone. */
  readonly #entries = new Map<string, Entry>()
  #tell: FlowStoreListener = {}
  #silent = 0
  #reading = 0
  #isReading = false
  /** During a dump: what events have told of, and the ids of those that have ended. */
  readonly #heard = new Set<string>()
  readonly #ended = new Map<string, number | undefined>()
  #sweep: MapIterator<[string, Entry]> | undefined

  constructor(matches: (flow: Flow) => boolean) {
    this.#matches = matches
  }

  /** Whom to tell from here on. */
  tell(listener: FlowStoreListener): void {
    this.#tell = listener
  }

  get size(): number {
    return this.#entries.size
  }

  /** How many may end without an event. */
  get silent(): number {
    return this.#silent
  }

  get(key: string): Flow | undefined {
    return this.#entries.get(key)?.flow
  }

  *values(): IterableIterator<Flow> {
    for (const { flow } of this.#entries.values()) yield flow
  }

  apply({ type, flow }: FlowEvent): void {
    const key = flowKeyText(flow)
    if (this.#isReading) this.#hear(key, type === 'destroy', flow)
    const entry = this.#entries.get(key)
    if (type === 'destroy') {
      // Of another one with the same tuple, the beginning was lost, and the dump after the loss will tell.
      if (entry?.flow.id === flow.id) this.#remove(key, entry, mergeFlow(entry!.flow, flow))
      return
    }
    if (entry && entry.flow.id === flow.id) {
      this.#unsilence(entry)
      this.#change(key, entry, mergeFlow(entry.flow, flow))
      return
    }
    this.#remove(key, entry)
    if (this.#matches(flow)) this.#add(key, flow, false)
  }

  /** A dump is asked for. All that is told from here on wins over it. */
  beginReading(): void {
    this.endReading()
    this.#reading++
    this.#isReading = true
  }

  /** One entry of the dump that fits. */
  read(flow: Flow): void {
    const key = flowKeyText(flow)
    const isEnded = this.#ended.has(key)
    if (isEnded && this.#ended.get(key) === flow.id) return
    const isHeard = this.#heard.has(key) && !isEnded
    const entry = this.#entries.get(key)
    if (entry && entry.flow.id === flow.id) {
      // An event has told what is newest, and not all there is.
      this.#change(key, entry, isHeard ? mergeFlow(flow, entry.flow) : flow)
    } else if (!isHeard) {
      this.#remove(key, entry)
      this.#add(key, flow, true)
    }
  }

  /** The dump is complete: looks at some, and removes those that it did not confirm. False when all have been looked at. */
  sweep(count: number): boolean {
    this.#sweep ??= this.#entries.entries()
    for (; count > 0; count--) {
      const { done, value } = this.#sweep.next()
      if (done) return false
      const [key, entry] = value
      if (entry.reading !== this.#reading) this.#remove(key, entry)
    }
    return true
  }

  /** What has not been removed by now stays. */
  endReading(): void {
    this.#isReading = false
    this.#sweep = undefined
    this.#heard.clear()
    this.#ended.clear()
  }

  #hear(key: string, isEnd: boolean, { id }: Flow): void {
    this.#heard.add(key)
    if (isEnd) this.#ended.set(key, id)
    else this.#ended.delete(key)
  }

  #unsilence(entry: Entry): void {
    if (entry.isSilent) this.#silent--
    entry.isSilent = false
  }

  #add(key: string, flow: Flow, isSilent: boolean): void {
    if (isSilent) this.#silent++
    this.#entries.set(key, { flow, reading: this.#reading, isSilent })
    callListener(() => this.#tell.added?.(flow))
  }

  #change(key: string, entry: Entry, flow: Flow): void {
    if (!this.#matches(flow)) {
      this.#remove(key, entry, flow)
      return
    }
    entry.reading = this.#reading
    const before = entry.flow
    if (hasChanged(before, flow)) {
      entry.flow = flow
      callListener(() => this.#tell.changed?.(flow, before))
      return
    }
    // The object that is there has survived garbage collections already: a new one would have to, once more.
    before.timeout = flow.timeout
    before.use = flow.use
    if (flow.counters) before.counters = flow.counters
    if (flow.timestamp) before.timestamp = flow.timestamp
  }

  #remove(key: string, entry: Entry | undefined, flow: Flow | undefined = entry?.flow): void {
    if (!entry || !flow) return
    this.#unsilence(entry)
    this.#entries.delete(key)
    callListener(() => this.#tell.removed?.(flow))
  }
}
