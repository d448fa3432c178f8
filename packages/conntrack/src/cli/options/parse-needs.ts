import type { Need } from '../../doctor/doctor.js'
import { UsageError } from '../usage-error.js'

const NEEDS: Readonly<Record<Need, true>> = {
  tracking: true,
  nat: true,
  events: true,
  counters: true,
  timestamps: true,
}

/** Reads `tracking,nat`. Throws UsageError. */
export function parseNeeds(option: string, text: string): Need[] {
  return text.split(',').map((word) => {
    if (Object.hasOwn(NEEDS, word)) return word as Need
    throw new UsageError(`--${option} takes ${Object.keys(NEEDS).join(', ')}, not '${word}'`)
  })
}
