import type { Entry } from './entry.js'

/** Work in flight of one name and kind. */
export interface PendingWork {
  /**
   * The names of the groups and of the work, joined by `/`: `drain/http/upload`. Work without a name ends in how it came
   * in: `drain/http/go()`.
   */
  name: string
  /** How it came in. */
  kind: 'add' | 'go' | 'track' | 'guard'
  count: number
  /** How long the oldest of it has been in flight, in whole milliseconds. Nobody knows it of `add()`, which keeps nothing but a number. */
  oldestMs: number | undefined
}

/** `entries` by name and kind, the oldest first; the `adds` of nobody's name come first. */
export function groupPending(
  path: string | undefined,
  adds: number,
  entries: Iterable<Entry>,
): PendingWork[] {
  const now = performance.now()
  const found: PendingWork[] = []
  const byKey = new Map<string, PendingWork>()
  if (adds > 0) found.push({ name: join(path, 'add()'), kind: 'add', count: adds, oldestMs: undefined })
  for (const { name, kind, since } of entries) {
    const key = `${kind} ${name ?? ''}`
    const known = byKey.get(key)
    if (known !== undefined) {
      known.count += 1
      continue
    }
    const first = { name: join(path, name ?? `${kind}()`), kind, count: 1, oldestMs: Math.round(now - since) }
    byKey.set(key, first)
    found.push(first)
  }
  return found
}

function join(path: string | undefined, name: string): string {
  return path === undefined ? name : `${path}/${name}`
}
