import { checkKnown } from '../errors/invalid-argument.js'
import type { NewFlow } from '../flow/new-flow.js'
import { STATUS } from '../flow/status.js'
import type { AddressForm } from '../flow/tuple.js'

export interface PrepareTcpOptions<A extends AddressForm = AddressForm> {
  /** As the first SYN will be when it comes in, before any translation. */
  original: { source: A; destination: A; sourcePort: number; destinationPort: number }
  nat?: NewFlow<A>['nat']
  mark?: number | undefined
  zone?: number | undefined
  /** How long the entry waits for its SYN. @default 120 */
  timeoutSeconds?: number | undefined
}

const known = new Set(['original', 'nat', 'mark', 'zone', 'timeoutSeconds'])
const knownOriginal = new Set(['source', 'destination', 'sourcePort', 'destinationPort'])

/**
 * The entry for a TCP connection whose first packet has not been sent: state SYN_SENT, status CONFIRMED, and a timeout
 * after which it is gone if the connection never comes.
 *
 * Nothing but this says "not yet": SEEN_REPLY and ASSURED would keep the entry from being dropped early, and belong to
 * connections that live. Throws TypeError or RangeError.
 */
export function prepareTcp<A extends AddressForm>(options: PrepareTcpOptions<A>): NewFlow<A> {
  checkKnown('options', options, known)
  checkKnown('original', options.original, knownOriginal)
  const { original, nat, mark, zone, timeoutSeconds = 120 } = options
  return {
    original: { ...original, protocol: 'tcp' },
    timeoutSeconds,
    status: STATUS.CONFIRMED,
    protocolInfo: { tcp: { state: 'SYN_SENT' } },
    ...(nat !== undefined && { nat }),
    ...(mark !== undefined && { mark }),
    ...(zone !== undefined && { zone }),
  }
}
