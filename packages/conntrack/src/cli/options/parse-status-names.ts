import { STATUS, type StatusName } from '../../flow/status.js'
import { UsageError } from '../usage-error.js'

/** Reads `SEEN_REPLY,ASSURED`, in upper or lower case. Throws UsageError. */
export function parseStatusNames(option: string, text: string): StatusName[] {
  return text.split(',').map((word) => {
    const name = word.toUpperCase()
    if (Object.hasOwn(STATUS, name)) return name as StatusName
    throw new UsageError(`--${option} takes ${Object.keys(STATUS).join(', ')}, not '${word}'`)
  })
}
