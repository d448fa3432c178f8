import type { WaitEnd } from '../wait/bounded-wait.js'
import type { Entry } from './entry.js'
import { type Linked, LinkedList } from './linked-list.js'
import { groupPending, type PendingWork } from './pending.js'
import { WorkList } from './work-list.js'

export interface TallyOptions {
  waitUntil: 'empty' | 'closed'
  /** What the waits that end now are told: nothing, or an error in a list of its own. */
  takeFailure: () => [error: unknown] | undefined
}

/** Counts the work of one group and of its children, and ends the waits. */
export class Tally implements Linked<Tally> {
  readonly #work = new WorkList()
  readonly #options: TallyOptions
  #path: string | undefined
  #parent: Tally | null = null
  readonly #waits = new Set<WaitEnd>()
  /** Those that have work or somebody who waits; others are not kept. */
  readonly #children = new LinkedList<Tally>()
  #busyChildren = 0
  #isRegistered = false
  /** The parent counts this one among its busy children. */
  #isBusy = false
  #isClosed = false
  /** Among the parent's children. */
  previous: Tally | null = null
  next: Tally | null = null

  constructor(path: string | undefined, options: TallyOptions) {
    this.#path = path
    this.#options = options
  }

  /** Before anything is counted. */
  attachTo(parent: Tally, name: string): void {
    this.#parent = parent
    this.#path = parent.#path === undefined ? name : `${parent.#path}/${name}`
  }

  /** For reports. */
  get path(): string | undefined {
    return this.#path
  }

  get closed(): boolean {
    return this.#isClosed || (this.#parent?.closed ?? false)
  }

  get size(): number {
    let size = this.#work.size
    for (const child of this.#children) size += child.size
    return size
  }

  get adds(): number {
    return this.#work.adds
  }

  /** Any number from 0 to what is safe: who counts has checked it. */
  setAdds(adds: number): void {
    const work = this.#work
    const before = work.adds
    work.adds = adds
    if (adds > before) this.#begun()
    else if (adds === 0 && before > 0) {
      work.addsEnded()
      this.#ended()
    }
  }

  join(kind: PendingWork['kind'], name: string | undefined): Entry {
    const entry = this.#work.join(kind, name)
    this.#begun()
    return entry
  }

  /** Once for each entry. */
  leave(entry: Entry): void {
    this.#work.leave(entry)
    this.#ended()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const child of this.#children) child.close()
    this.#endWaitsIfDone()
  }

  /** Ends when nothing is left, as the options say it. */
  wait(end: WaitEnd): (() => void) | undefined {
    this.#waits.add(end)
    this.#register()
    this.#endWaitsIfDone()
    if (!this.#waits.has(end)) return undefined
    return () => {
      this.#waits.delete(end)
      this.#unregister()
    }
  }

  /** Ends when all that is in flight now is done, in children too. */
  settled(end: WaitEnd): (() => void) | undefined {
    const withdrawals: (() => void)[] = []
    // One more, so that nothing ends before all have been asked.
    let parts = 1
    const onDone = () => {
      parts -= 1
      if (parts === 0) end.resolve()
    }
    for (const tally of this.#withBusyChildren()) {
      parts += 1
      withdrawals.push(tally.#work.whenSettled(onDone))
    }
    onDone()
    if (parts === 0) return undefined
    return () => {
      for (const withdraw of withdrawals) withdraw()
    }
  }

  /** Oldest first. */
  pending(): PendingWork[] {
    const all: PendingWork[] = []
    for (const tally of this.#withBusyChildren()) {
      all.push(...groupPending(tally.#path, tally.#work.adds, tally.#work.entries))
    }
    return all.sort(
      (a, b) => (b.oldestMs ?? Number.POSITIVE_INFINITY) - (a.oldestMs ?? Number.POSITIVE_INFINITY),
    )
  }

  *#withBusyChildren(): Generator<Tally> {
    if (this.#work.size > 0) yield this
    for (const child of this.#children) yield* child.#withBusyChildren()
  }

  #isEmpty(): boolean {
    return this.#work.size === 0 && this.#busyChildren === 0
  }

  #begun(): void {
    if (this.#parent === null || this.#isBusy) return
    this.#isBusy = true
    this.#parent.#busyChildren += 1
    this.#register()
    this.#parent.#begun()
  }

  #ended(): void {
    if (!this.#isEmpty()) return
    this.#endWaitsIfDone()
    if (this.#parent === null || !this.#isBusy) return
    this.#isBusy = false
    this.#parent.#busyChildren -= 1
    this.#unregister()
    this.#parent.#ended()
  }

  #endWaitsIfDone(): void {
    if (this.#waits.size === 0 || !this.#isEmpty()) return
    if (this.#options.waitUntil === 'closed' && !this.closed) return
    const failure = this.#options.takeFailure()
    for (const end of this.#waits) {
      if (failure === undefined) end.resolve()
      else end.reject(failure[0])
    }
    this.#waits.clear()
    this.#unregister()
  }

  /** Lets the parent know this one, which has something to tell it or to hear from it. */
  #register(): void {
    if (this.#parent === null || this.#isRegistered) return
    this.#isRegistered = true
    this.#parent.#children.append(this)
    this.#parent.#register()
  }

  #unregister(): void {
    if (this.#parent === null || !this.#isRegistered) return
    if (this.#isBusy || this.#waits.size > 0 || this.#children.first !== null) return
    this.#isRegistered = false
    this.#parent.#children.remove(this)
    this.#parent.#unregister()
  }
}
