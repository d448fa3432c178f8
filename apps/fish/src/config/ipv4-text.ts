import ipaddr from 'ipaddr.js'

const notUnicast = [
  { block: '0.0.0.0/8', kind: '"this network"' },
  { block: '127.0.0.0/8', kind: 'loopback' },
  { block: '224.0.0.0/4', kind: 'multicast' },
  { block: '255.255.255.255/32', kind: 'broadcast' },
  { block: '240.0.0.0/4', kind: 'reserved' },
] as const

/**
 * Says why an address cannot be a slice, or `undefined` if it can.
 *
 * Private addresses pass: a slice behind another translator is unusual, not wrong.
 */
export function sliceAddressProblem(text: string): string | undefined {
  if (ipaddr.IPv6.isValid(text)) return 'is IPv6, which this version cannot forward yet'
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return 'is not an IPv4 address'
  const address = ipaddr.IPv4.parse(text)
  const found = notUnicast.find(({ block }) => address.match(ipaddr.IPv4.parseCIDR(block)))
  return found && `is a ${found.kind} address, which no packet may leave with`
}

/** Says why a prefix cannot be a client's, or `undefined` if it can. */
export function clientPrefixProblem(text: string): string | undefined {
  if (text.includes('/') && ipaddr.IPv6.isValidCIDR(text))
    return 'is IPv6, which this version cannot forward yet'
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return 'is not an IPv4 prefix'
  const network = ipaddr.IPv4.networkAddressFromCIDR(text).toString()
  const [address, length] = text.split('/')
  return address === network
    ? undefined
    : `has bits set behind the prefix; did you mean ${network}/${length}?`
}
