import { UsageError } from '../usage-error.js'

/** Reads a whole number, decimal or 0x hexadecimal. Throws UsageError. */
export function parseNumber(option: string, text: string, most = 0xffffffff): number {
  const number = /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? Number(text) : Number.NaN
  if (Number.isInteger(number) && number <= most) return number
  throw new UsageError(`--${option} takes a number from 0 to ${most}, not '${text}'`)
}

/** The same, where the option may be left out. */
export function optionalNumber(option: string, text: string | undefined, most?: number): number | undefined {
  return text === undefined ? undefined : parseNumber(option, text, most)
}
