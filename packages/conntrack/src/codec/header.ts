import { AF_INET, AF_INET6 } from './constants.js'

const anyFamily = Uint8Array.of(0, 0, 0, 0)
const ipv4 = Uint8Array.of(AF_INET, 0, 0, 0)
const ipv6 = Uint8Array.of(AF_INET6, 0, 0, 0)

/** `struct nfgenmsg` for a family; undefined is any. */
export function familyHeader(family: 4 | 6 | undefined, version = 0): Uint8Array {
  const header = family === 4 ? ipv4 : family === 6 ? ipv6 : anyFamily
  return version === 0 ? header : Uint8Array.of(header[0]!, version, 0, 0)
}
