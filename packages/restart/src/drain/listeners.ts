import type { EventEmitter } from 'node:events'

type Listener = (...values: never[]) => void
type AnyListener = (...values: unknown[]) => void

/** What was listened to, so that all of it can be taken back. */
export class Listeners {
  readonly #undo: (() => void)[] = []

  /** First in line: the other listeners may end an answer before they return. */
  on(emitter: EventEmitter, event: string, given: Listener): void {
    const listener = given as AnyListener
    emitter.prependListener(event, listener)
    this.#undo.push(() => emitter.removeListener(event, listener))
  }

  /**
   * Listens for as long as somebody else does.
   *
   * For `upgrade`, `connect`, `checkContinue` and `checkExpectation` Node does the work itself when nobody
   * listens, so a listener that only watches would leave those requests without an answer.
   */
  follow(emitter: EventEmitter, event: string, given: Listener): void {
    const listener = given as AnyListener
    let attached = false
    const attach = () => {
      if (attached) return
      attached = true
      emitter.prependListener(event, listener)
    }
    const detach = () => {
      attached = false
      emitter.removeListener(event, listener)
    }
    const added = (name: string, other: unknown) => {
      if (name === event && other !== listener) attach()
    }
    const removed = (name: string) => {
      if (name === event && attached && emitter.listenerCount(event) === 1) detach()
    }
    if (emitter.listenerCount(event) > 0) attach()
    emitter.on('newListener', added)
    emitter.on('removeListener', removed)
    this.#undo.push(() => {
      emitter.removeListener('newListener', added)
      emitter.removeListener('removeListener', removed)
      detach()
    })
  }

  detach(): void {
    for (const undo of this.#undo.splice(0)) undo()
  }
}
