import { UsageError } from '../usage-error.js'

/** Reads `80` or `8000-8099`. Throws UsageError. */
export function parsePortRange(option: string, text: string): number | [first: number, last: number] {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? first)
  if (!match || first > last || last > 0xffff) {
    throw new UsageError(`--${option} takes a port, or a range such as 8000-8099, not '${text}'`)
  }
  return match[2] === undefined ? first : [first, last]
}
