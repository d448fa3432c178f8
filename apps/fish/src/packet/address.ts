/** IPv4 address in host order, unsigned, from dotted decimal text that has been validated before. */
export function parseAddress(text: string): number {
  const [a, b, c, d] = text.split('.').map(Number)
  return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0
}

/** Dotted decimal text of an IPv4 address in host order. */
export function formatAddress(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}
