import { onAbort } from './abort-listeners.js'

/** Lead from a signal to what has to live as long: its controller, and the signals that this one follows. */
const kept = Symbol('kept')

/** Those that are to abort with one signal. */
class Followers {
  #controllers: WeakRef<AbortController>[] = []
  #lookAt = 64

  /** Twice as many as are alive are kept at most, which costs a constant for each; a FinalizationRegistry costs more. */
  add(controller: AbortController): void {
    if (this.#controllers.length >= this.#lookAt) {
      this.#controllers = this.#controllers.filter((each) => each.deref() !== undefined)
      this.#lookAt = Math.max(64, 2 * this.#controllers.length)
    }
    this.#controllers.push(new WeakRef(controller))
  }

  abort(reason: unknown): void {
    const all = this.#controllers
    this.#controllers = []
    for (const each of all) each.deref()?.abort(reason)
  }
}

const followersOf = new WeakMap<AbortSignal, Followers>()

/**
 * Aborts `controller` with `source`. A source that lives long does not keep controllers whose signal nobody has any more: one
 * group a request may follow the signal of the process.
 */
export function followSignal(source: AbortSignal, controller: AbortController): void {
  if (source.aborted) {
    controller.abort(source.reason)
    return
  }
  keep(controller.signal, controller)
  keep(controller.signal, source)
  let followers = followersOf.get(source)
  if (followers === undefined) {
    const made = new Followers()
    followers = made
    followersOf.set(source, made)
    onAbort(source, () => made.abort(source.reason))
  }
  followers.add(controller)
}

/** A WeakMap would do the same; it makes each collection longer. */
function keep(signal: AbortSignal & { [kept]?: object[] }, value: object): void {
  if (signal[kept] === undefined) Object.defineProperty(signal, kept, { value: [] })
  signal[kept]?.push(value)
}
