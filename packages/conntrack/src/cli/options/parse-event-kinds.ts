import type { EventKind } from '../../events/conntrack-event.js'
import { EVENT_GROUPS } from '../../events/decode-event.js'
import { UsageError } from '../usage-error.js'

/** Reads `new,destroy`. Throws UsageError. */
export function parseEventKinds(option: string, text: string): EventKind[] {
  return text.split(',').map((word) => {
    if (Object.hasOwn(EVENT_GROUPS, word)) return word as EventKind
    throw new UsageError(`--${option} takes ${Object.keys(EVENT_GROUPS).join(', ')}, not '${word}'`)
  })
}
