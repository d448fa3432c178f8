import type { PendingWork } from './pending.js'

const SHOWN = 10

/** One line for people: `drain/http/upload (12.3 s), 3 × drain/track() (oldest 0.4 s)`; of many the first ten. */
export function formatPending(pending: readonly PendingWork[]): string {
  const shown = pending.slice(0, SHOWN).map(format)
  const others = pending.slice(SHOWN).reduce((sum, { count }) => sum + count, 0)
  if (others > 0) shown.push(`and ${others} more`)
  return shown.join(', ')
}

function format({ name, count, oldestMs }: PendingWork): string {
  const times = count === 1 ? '' : `${count} × `
  if (oldestMs === undefined) return `${times}${name}`
  return `${times}${name} (${count === 1 ? '' : 'oldest '}${(oldestMs / 1000).toFixed(1)} s)`
}
