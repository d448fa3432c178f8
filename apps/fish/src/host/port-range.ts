import type { SliceConfig } from '../config/config.js'

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Reads the value of net.ipv4.ip_local_port_range or of net.ipv4.ping_group_range. */
export function parseRange(text: string): PortRange {
  const [first = 0, last = 0] = text.split(/\s+/).map(Number)
  return { first, last }
}

/** The slices whose ports do not all lie in the range; there the kernel would pick others, silently. */
export function slicesOutside(slices: readonly SliceConfig[], { first, last }: PortRange): SliceConfig[] {
  return slices.filter(({ ports }) => ports.first < first || ports.last > last)
}

/** The smallest range around the old one that covers every slice. */
export function widenedRange(slices: readonly SliceConfig[], { first, last }: PortRange): PortRange {
  return {
    first: Math.min(first, ...slices.map(({ ports }) => ports.first)),
    last: Math.max(last, ...slices.map(({ ports }) => ports.last)),
  }
}
