import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'

/** The addresses of a host in the order of the resolver; an address is its own. Rejects with what the lookup says. */
export function resolveAddresses(
  host: string,
  family: 0 | 4 | 6,
  lookup: LookupFunction | undefined,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  if (isIP(host) !== 0) return Promise.resolve([host])
  let aborted = () => {}
  const answered = new Promise<string[]>((resolve, reject) => {
    aborted = () => reject(signal?.reason)
    signal?.addEventListener('abort', aborted, { once: true })
    const ask = lookup ?? (dnsLookup as LookupFunction)
    ask(host, { all: true, family, verbatim: true }, (error, found: string | LookupAddress[]) => {
      if (error) reject(error)
      else resolve(typeof found === 'string' ? [found] : found.map(({ address }) => address))
    })
  })
  return answered.finally(() => signal?.removeEventListener('abort', aborted))
}
