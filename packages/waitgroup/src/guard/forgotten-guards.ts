import { channels, publishWork, warn } from '../diagnostics.js'
import type { Entry } from '../work/entry.js'

/** Must not lead to the guard, or it would never be collected. */
interface Expected {
  entry: Entry
  leave: (entry: Entry) => void
  group: string | undefined
  /** Where it was made; not of all. */
  stack?: string | undefined
}

const registry = new FinalizationRegistry<Expected>(forgotten)

/** A stack costs twenty times what the rest of a guard does; one that is forgotten again and again is found by a sample. */
const allOfTheFirst = 1000
const thenOneIn = 64

let made = 0
let found: Expected[] = []

export function expectDone(guard: object, expected: Expected): void {
  made += 1
  if (made <= allOfTheFirst || made % thenOneIn === 0) {
    // As text at once: an Error whose stack was not read yet holds the objects of its frames, and one of them may have the guard.
    expected.stack = new Error('A guard was made').stack
  }
  registry.register(guard, expected, guard)
}

export function guardWasDone(guard: object): void {
  registry.unregister(guard)
}

function forgotten(expected: Expected): void {
  const { entry, leave, group } = expected
  if (channels.forgotten?.hasSubscribers) publishWork(channels.forgotten, group, entry)
  // A collection finds many at once: one warning tells of all of them.
  if (found.length === 0) setTimeout(warnOfFound, 0)
  found.push(expected)
  leave(entry)
}

function warnOfFound(): void {
  const all = found
  found = []
  const { entry, group, stack } = all.find((each) => each.stack !== undefined) ?? all[0]!
  const name = [group, entry.name ?? 'guard()'].filter((part) => part !== undefined).join('/')
  const more = all.length === 1 ? '' : `, and ${all.length - 1} more`
  warn(
    `A guard was forgotten, nobody can call its done() any more: ${name}${more}. It is done now.`,
    'WAITGROUP_FORGOTTEN',
    stack ?? 'It was made where many are, of which only some are looked at.',
  )
}
