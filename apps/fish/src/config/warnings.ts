import type { TimeoutsConfig } from './config.js'
import { valueAt } from './document-path.js'

const minima: { key: keyof TimeoutsConfig; minimumMs: number; source: string }[] = [
  { key: 'tcpEstablishedMs', minimumMs: 7_440_000, source: 'RFC 5382 REQ-5' },
  { key: 'tcpTransitoryMs', minimumMs: 240_000, source: 'RFC 5382 REQ-5' },
  { key: 'udpMs', minimumMs: 120_000, source: 'RFC 4787 REQ-5' },
  { key: 'icmpMs', minimumMs: 60_000, source: 'RFC 5508 REQ-2' },
]

/** Says what is accepted although it has no effect, or although an RFC asks for more. */
export function collectWarnings(document: unknown, timeouts: TimeoutsConfig): string[] {
  const warnings = minima
    .filter(({ key, minimumMs }) => timeouts[key] < minimumMs)
    .map(
      ({ key, minimumMs, source }) =>
        `timeouts.${key} is ${timeouts[key]}; ${source} asks for at least ${minimumMs}, so idle flows may break`,
    )
  if (valueAt(document, ['restart']) !== undefined) {
    warnings.push('restart has no effect in this version: the settings are accepted and ignored')
  }
  return warnings
}
