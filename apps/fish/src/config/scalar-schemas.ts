import { isIP } from 'node:net'
import { z } from 'zod'
import { interfaceNameRule, isInterfaceName } from './interface-name.js'

/*
 * In every schema of this room the `error` text of a check is what was *expected*, as it reads after "must be".
 * describe-issue.ts makes the sentence around it.
 */

/** An integer of a range, both ends included. */
export function integer(first: number, last: number, unit = '') {
  const error = `an integer from ${first} to ${last}${unit && ` (${unit})`}`
  return z
    .number({ error })
    .int({ error, abort: true })
    .min(first, { error, abort: true })
    .max(last, { error })
}

/** A duration. The upper end keeps it inside what one timer of Node can wait. */
export const milliseconds = (first = 0) => integer(first, 2 ** 31 - 1, 'milliseconds')

/** The only value this version knows; the word for the others is "not yet". */
export function onlyValue<const T extends string>(value: T) {
  return z.literal(value, { error: `${value}, the only value of this version` })
}

/** An absolute path. */
export function absolutePath(maxBytes = 4095) {
  const error = `an absolute path of at most ${maxBytes} bytes`
  return z
    .string({ error })
    .refine((path) => path.startsWith('/') && !path.includes('\0') && Buffer.byteLength(path) <= maxBytes, {
      error,
    })
}

/** The name of a network interface. */
export const interfaceName = z
  .string({ error: interfaceNameRule })
  .refine(isInterfaceName, { error: interfaceNameRule })

const portsRule = 'a port or a range of ports from 1 to 65535, like 9000-9999'

/** `9000-9999`, or a single port. */
export const portRange = z
  .union([z.string(), z.number()], { error: portsRule })
  .transform((value, context) => {
    const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(String(value))
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (first >= 1 && first <= last && last <= 65535) return { first, last }
    const backwards = last >= 1 && first > last && first <= 65535
    context.addIssue({
      code: 'custom',
      message: backwards ? `${portsRule}, the lower port first (${last}-${first})` : portsRule,
    })
    return z.NEVER
  })

const listenRule = 'an address and a port, like 127.0.0.1:9464 or [::1]:9464'

/** `host:port`; an IPv6 host stands in brackets. */
export const listenAddress = z.string({ error: listenRule }).transform((text, context) => {
  const match = /^(?:\[([^\]]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  const known = match?.[1] === undefined ? isIP(host) === 4 || isHostName(host) : isIP(host) === 6
  if (known && port <= 65535) return { host, port }
  context.addIssue({ code: 'custom', message: listenRule })
  return z.NEVER
})

function isHostName(text: string): boolean {
  return /^(?!.*\.\d+$)(?!\d+$)[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(text)
}
