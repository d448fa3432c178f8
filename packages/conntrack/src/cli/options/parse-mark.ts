import { UsageError } from '../usage-error.js'
import { parseNumber } from './parse-number.js'

/** Reads `42`, `0x2a` or `VALUE/MASK`. Throws UsageError. */
export function parseMark(option: string, text: string): number | { value: number; mask: number } {
  const [value, mask, more] = text.split('/')
  if (more !== undefined) throw new UsageError(`--${option} takes VALUE or VALUE/MASK, not '${text}'`)
  if (mask === undefined) return parseNumber(option, text)
  return { value: parseNumber(option, value!), mask: parseNumber(option, mask) }
}
