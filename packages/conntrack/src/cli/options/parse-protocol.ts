import { PROTOCOL_NAMES } from '../../flow/protocol.js'
import type { Protocol } from '../../flow/tuple.js'
import { UsageError } from '../usage-error.js'
import { parseNumber } from './parse-number.js'

/** Reads `tcp` or a number. Throws UsageError. */
export function parseProtocol(option: string, text: string): Protocol {
  const name = text.toLowerCase()
  if (PROTOCOL_NAMES.includes(name as Protocol)) return name as Protocol
  if (/^[0-9]/.test(text)) return parseNumber(option, text, 255)
  throw new UsageError(`--${option} takes ${PROTOCOL_NAMES.join(', ')} or a number, not '${text}'`)
}
