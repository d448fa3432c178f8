import { channels, publishFailure, publishWork, throwOutside } from './diagnostics.js'
import { asyncDispose } from './dispose-symbols.js'
import {
  checkFunction,
  checkInteger,
  checkName,
  checkThenable,
  invalidType,
} from './errors/invalid-argument.js'
import {
  closedError,
  isWaitTimeoutError,
  negativeError,
  WaitTimeoutError,
} from './errors/wait-group-error.js'
import { Failures } from './failures.js'
import { createGuard, type Guard } from './guard/guard.js'
import {
  type ChildOptions,
  checkChildOptions,
  checkOptions,
  DISPOSE_TIMEOUT_MS,
  type FailedWork,
  type WaitGroupOptions,
} from './options.js'
import { boundedWait, type WaitOptions } from './wait/bounded-wait.js'
import { followSignal } from './wait/follow-signal.js'
import type { Entry } from './work/entry.js'
import type { PendingWork } from './work/pending.js'
import { Tally } from './work/tally.js'

const MOST = Number.MAX_SAFE_INTEGER
const inspectCustom = Symbol.for('nodejs.util.inspect.custom')

/**
 * Counts the work in flight and waits until it is done, as `sync.WaitGroup` in Go.
 *
 * Four ways in, one count: `go()` runs a function, `track()` takes a promise, `guard()` gives a token for a scope, `add()` and
 * `done()` are the bare number. A group may be used again after it was empty, until `close()`.
 *
 * All ways in throw `ERR_WAITGROUP_CLOSED` after `close()`, and then have neither run nor counted anything.
 */
export class WaitGroup implements AsyncDisposable {
  readonly #options: WaitGroupOptions
  readonly #tally: Tally
  /** Null: the parent has them. */
  #failures: Failures | null
  #parent: WaitGroup | null = null
  #failed = 0
  #controller: AbortController | undefined

  constructor(options: WaitGroupOptions = {}) {
    checkOptions(options)
    this.#options = { ...options }
    this.#failures = new Failures(options.errors ?? 'ignore')
    this.#tally = new Tally(options.name, {
      waitUntil: options.waitUntil ?? 'empty',
      takeFailure: () => this.#failures?.take(this.name),
    })
  }

  /** Its name behind those of its parents: `drain/http`. Undefined where none has one. */
  get name(): string | undefined {
    return this.#tally.path
  }

  /** How much is in flight, that of children included. */
  get size(): number {
    return this.#tally.size
  }

  /** How many of `go()` and `track()` have failed so far, those of children included. */
  get failed(): number {
    return this.#failed
  }

  /** True after `close()` of this group or of a parent. */
  get closed(): boolean {
    return this.#tally.closed
  }

  /**
   * Asks the work to stop. Aborted by `abort()`, by the first error with `errors: 'first'`, by the signal of the options, and
   * with the parent's.
   */
  get signal(): AbortSignal {
    return this.#control().signal
  }

  /**
   * Counts `n` more. Allocates nothing.
   *
   * Call it before the work begins, not inside of it: a `wait()` in between would find nothing in flight. With `go()` there is
   * no such order to get wrong.
   */
  add(n = 1): void {
    const tally = this.#tally
    const adds = tally.adds + n
    if (!(Number.isSafeInteger(n) && n >= 0 && adds <= MOST)) checkInteger('n', n, MOST - tally.adds)
    if (tally.closed) throw closedError('add()', this.name)
    tally.setAdds(adds)
  }

  /**
   * Counts `n` of `add()` as done. Allocates nothing.
   *
   * Throws `ERR_WAITGROUP_NEGATIVE` where less than `n` is left of `add()`, and has changed nothing then: work of `go()`, `track()`
   * and `guard()` is not ended by somebody else's mistake.
   */
  done(n = 1): void {
    const tally = this.#tally
    const adds = tally.adds - n
    if (!(Number.isSafeInteger(n) && n >= 0)) checkInteger('n', n, MOST)
    if (adds < 0) throw negativeError(n, tally.adds, this.name)
    tally.setAdds(adds)
  }

  /**
   * Calls `fn` at once, with the group's signal, and counts it until what it returns has settled, or until it throws.
   *
   * Returns its promise. Whoever awaits that finds the work no longer counted. What becomes of an error says the option `errors`;
   * it never is an unhandled rejection, even if nobody takes the promise.
   */
  go<T>(fn: (signal: AbortSignal) => T, name?: string): Promise<Awaited<T>> {
    checkFunction('fn', fn)
    const entry = this.#join('go', name)
    let result: Promise<Awaited<T>>
    try {
      result = Promise.resolve(fn(this.signal)) as Promise<Awaited<T>>
    } catch (error) {
      result = Promise.reject(error)
    }
    this.#follow(entry, result)
    return result
  }

  /**
   * Counts a promise, or anything else with a `then`, until it has settled, and returns it as it is.
   *
   * What becomes of an error says the option `errors`, as with `go()`: to the runtime the promise is one that is handled.
   */
  track<P extends PromiseLike<unknown>>(promise: P, name?: string): P {
    checkThenable('promise', promise)
    this.#follow(this.#join('track', name), Promise.resolve(promise))
    return promise
  }

  /**
   * Counts until `done()` of the guard, or with `using guard = group.guard()` until the end of the scope. Twice is harmless. A
   * guard that is forgotten is done when it is collected, with a warning that tells where it was made.
   */
  guard(name?: string): Guard {
    return createGuard(this.#join('guard', name), this.#leave, this.name)
  }

  /** As `guard()`, but null after `close()`: for work that may come late. */
  tryGuard(name?: string): Guard | null {
    return this.closed ? null : this.guard(name)
  }

  /**
   * A group whose work counts in this one too, and stands behind its name in reports. It closes and aborts with this one. This one
   * does not keep it: a child that is empty may just be dropped.
   */
  child(name: string, options: ChildOptions = {}): WaitGroup {
    if (name === undefined) throw invalidType('name', 'a string', name)
    checkName(name)
    checkChildOptions(options)
    if (this.closed) throw closedError('child()', this.name)
    const child = createGroup(options)
    child.#parent = this
    child.#tally.attachTo(this.#tally, name)
    if (options.errors === undefined) child.#failures = null
    return child
  }

  /** Refuses work from now on, here and in children. Again: nothing happens. What is in flight goes on. */
  close(): void {
    this.#tally.close()
  }

  /** Aborts the signals of this group and of its children. Nothing else: work that does not listen goes on, and new work is taken. */
  abort(reason?: unknown): void {
    this.#control().abort(reason)
  }

  /**
   * Resolves when nothing is in flight, at once if so. With `waitUntil: 'closed'` only when the group is closed too.
   *
   * All waits of a group end at the same moment, also if more is added right then. Rejects with the errors of the work, as `errors`
   * says, with the reason of `signal`, or with a {@link WaitTimeoutError} (`ERR_WAITGROUP_TIMEOUT`) that lists what is left.
   */
  wait(options: WaitOptions = {}): Promise<void> {
    return boundedWait(options, (end) => this.#tally.wait(end), this.#timeoutError)
  }

  /**
   * Resolves when all that is in flight now is done, here and in children, whatever comes in meanwhile; closed or not.
   *
   * Exact for `go()`, `track()` and `guard()`. Of `add()`, where nobody knows which one a `done()` ends, it waits for a moment
   * with none left: perhaps late, never early. Does not tell errors of the work; rejects like `wait()` otherwise.
   */
  settled(options: WaitOptions = {}): Promise<void> {
    return boundedWait(options, (end) => this.#tally.settled(end), this.#timeoutError)
  }

  /** What is in flight by name and kind, that of children included, oldest first. Goes through all of it. */
  pending(): PendingWork[] {
    return this.#tally.pending()
  }

  /**
   * Closes and waits, at most `disposeTimeoutMs`. If that was not enough, aborts the signal with the {@link WaitTimeoutError} that
   * it rejects with.
   */
  async [asyncDispose](): Promise<void> {
    this.close()
    try {
      await this.wait({ timeoutMs: this.#options.disposeTimeoutMs ?? DISPOSE_TIMEOUT_MS })
    } catch (error) {
      if (isWaitTimeoutError(error)) this.abort(error)
      throw error
    }
  }

  /** For `console.log` and `util.inspect`. */
  [inspectCustom](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    const { size, closed, failed } = this
    const name = this.name === undefined ? '' : ` ${this.name}`
    return `WaitGroup${name} ${inspect({ size, closed, failed, pending: this.pending() }, options)}`
  }

  readonly #leave = (entry: Entry): void => {
    this.#tally.leave(entry)
    if (channels.end?.hasSubscribers) publishWork(channels.end, this.name, entry)
  }

  readonly #timeoutError = (timeoutMs: number): WaitTimeoutError => {
    const error = new WaitTimeoutError(timeoutMs, this.pending(), this.name, !this.closed)
    if (channels.timeout?.hasSubscribers) channels.timeout.publish(error)
    return error
  }

  #join(kind: PendingWork['kind'], name: string | undefined): Entry {
    checkName(name)
    if (this.#tally.closed) throw closedError(`${kind}()`, this.name)
    const entry = this.#tally.join(kind, name)
    if (channels.start?.hasSubscribers) publishWork(channels.start, this.name, entry)
    return entry
  }

  #follow(entry: Entry, promise: Promise<unknown>): void {
    promise.then(
      () => this.#leave(entry),
      (error) => this.#fail(entry, error),
    )
  }

  #fail(entry: Entry, error: unknown): void {
    for (let each: WaitGroup | null = this; each !== null; each = each.#parent) each.#failed += 1
    let receiver: WaitGroup = this
    while (receiver.#failures === null) receiver = receiver.#parent!
    // Before it leaves: the wait that ends then is to know.
    if (receiver.#failures.note(error)) receiver.abort(error)
    this.#leave(entry)
    if (channels.error?.hasSubscribers) publishFailure(this.name, entry, error)
    try {
      this.#onError()?.(error, { name: entry.name, kind: entry.kind as FailedWork['kind'] })
    } catch (thrown) {
      throwOutside(thrown)
    }
  }

  #onError(): WaitGroupOptions['onError'] {
    const { onError } = this.#options
    return onError !== undefined || this.#parent === null ? onError : this.#parent.#onError()
  }

  #control(): AbortController {
    if (this.#controller !== undefined) return this.#controller
    const controller = new AbortController()
    this.#controller = controller
    const { signal } = this.#options
    if (signal !== undefined) followSignal(signal, controller)
    if (this.#parent !== null) followSignal(this.#parent.signal, controller)
    return controller
  }
}

/** A class that names itself is given another name by esbuild, which would stand in stack traces. */
function createGroup(options: WaitGroupOptions): WaitGroup {
  return new WaitGroup(options)
}
