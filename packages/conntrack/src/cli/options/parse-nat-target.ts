import { isIP } from 'node:net'
import type { NatTarget } from '../../flow/new-flow.js'
import { UsageError } from '../usage-error.js'
import { parsePortRange } from './parse-port-range.js'

/**
 * Reads to what is translated, as nft spells it: `198.51.100.1`, `198.51.100.1:9000-9009`, `198.51.100.1-198.51.100.9`, `:9000`,
 * `[2001:db8::1]:9000`. An IPv6 address with a port needs the brackets. Throws UsageError.
 */
export function parseNatTarget(option: string, text: string): NatTarget<string> {
  const { addresses, ports } = split(text)
  const [first, last, more] = addresses.split('-')
  const family = isIP(first!)
  const isRange = last !== undefined
  const areAddresses =
    addresses === '' || (family !== 0 && more === undefined && (!isRange || isIP(last) === family))
  if (!areAddresses || text === '') {
    throw new UsageError(
      `--${option} takes ADDRESS, ADDRESS:PORT, :PORT or ranges of them (FIRST-LAST), not '${text}'`,
    )
  }
  return {
    ...(addresses !== '' && { address: isRange ? [first!, last] : first! }),
    ...(ports !== undefined && { port: parsePortRange(option, ports) }),
  }
}

function split(text: string): { addresses: string; ports: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed) return { addresses: bracketed[1]!, ports: bracketed[2] }
  const isIpv6 = text.split(':').length > 2
  const colon = isIpv6 ? -1 : text.indexOf(':')
  if (colon < 0) return { addresses: text, ports: undefined }
  return { addresses: text.slice(0, colon), ports: text.slice(colon + 1) }
}
