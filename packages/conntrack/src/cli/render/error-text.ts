import { isConntrackError } from '../../errors/conntrack-error.js'

/** What went wrong, with its code, and below what usually helps. */
export function errorText(program: string, error: unknown): string {
  if (!(error instanceof Error)) return `${program}: ${String(error)}`
  const { code, hint } = error as { code?: unknown; hint?: unknown }
  let { message } = error
  // The message ends with the hint where the kernel gave no reason of its own.
  if (typeof hint === 'string' && message.endsWith(`. ${hint}`)) message = message.slice(0, -hint.length - 2)
  if (isConntrackError(error) && !message.includes(error.code)) message += ` [${String(code)}]`
  return typeof hint === 'string' ? `${program}: ${message}\n  ${hint}` : `${program}: ${message}`
}
