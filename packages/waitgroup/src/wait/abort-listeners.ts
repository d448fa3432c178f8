interface Listeners {
  callbacks: Set<() => void>
  listener: () => void
}

const listenersOf = new WeakMap<AbortSignal, Listeners>()

/**
 * Calls back when `signal` aborts, which it must not have yet. All callbacks of a signal share one event listener: Node warns
 * of a leak at the eleventh.
 *
 * @returns What takes the callback back; the last one takes the listener along.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, listener } = listenersOf.get(signal) ?? listen(signal)
  // Wrapped, so that the same callback may come twice.
  const each = () => callback()
  callbacks.add(each)
  return () => {
    if (!callbacks.delete(each) || callbacks.size > 0) return
    signal.removeEventListener('abort', listener)
    listenersOf.delete(signal)
  }
}

function listen(signal: AbortSignal): Listeners {
  const callbacks = new Set<() => void>()
  const listener = () => {
    listenersOf.delete(signal)
    const all = [...callbacks]
    callbacks.clear()
    for (const callback of all) callback()
  }
  const listeners = { callbacks, listener }
  signal.addEventListener('abort', listener, { once: true })
  listenersOf.set(signal, listeners)
  return listeners
}
