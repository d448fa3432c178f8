import { binding } from '../binding.js'

/** An address as the kernel takes it. */
export interface ParsedAddress {
  /** 4 or 6; 0 for what is no address. */
  readonly family: number
  /** The 4 or 16 bytes in network order, as 32-bit words of this host. */
  readonly words: Int32Array
}

/** So many that a busy forwarder's remotes fit, at about 200 bytes each. */
const mostRemembered = 4096

const remembered = new Map<string, ParsedAddress>()
const bytes = new Uint8Array(16)
const words = new Int32Array(bytes.buffer)

/** Parsing costs ten times as much as looking it up, and the same few addresses come again and again. */
export function parsedAddress(text: string): ParsedAddress {
  const known = remembered.get(text)
  if (known !== undefined) return known
  bytes.fill(0)
  const family = binding().parseAddress(text, bytes)
  const parsed = { family, words: words.slice(0, family === 4 ? 1 : 4) }
  if (family === 0) return parsed
  if (remembered.size === mostRemembered) remembered.clear()
  remembered.set(text, parsed)
  return parsed
}
