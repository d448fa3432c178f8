import { MAX_DURATION_MS } from '../coordination/duration.js'
import { UsageError } from './usage-error.js'

const units: Record<string, number> = { ms: 1, s: 1_000, '': 1_000, min: 60_000, m: 60_000, h: 3_600_000 }

/** `500ms`, `30s`, `2min` (or `2m`), `1h`; without a unit seconds, as systemd reads it. Throws UsageError. */
export function parseDuration(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|min|m|h|)$/.exec(text) ?? []
  const ms = number === undefined ? Number.NaN : Math.round(Number(number) * units[unit!]!)
  if (ms >= 0 && ms <= MAX_DURATION_MS) return ms
  throw new UsageError(`--${option} takes a duration like 500ms, 30s, 2min or 1h, and no more than 24 days`)
}
