import { UsageError } from '../usage-error.js'

/** Reads bytes as `0f00a1`. Throws UsageError. */
export function parseHex(option: string, text: string): Uint8Array {
  if (/^([0-9a-f]{2})+$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'))
  throw new UsageError(`--${option} takes bytes in hexadecimal, not '${text}'`)
}
