/** What the kernel may be asked about one direction: IPv4 addresses only, ports only with a protocol. */
export interface KernelTuple {
  source?: string
  destination?: string
  protocol?: number
  sourcePort?: number
  destinationPort?: number
}

/** The part of a filter that the kernel compares as it should. */
export interface KernelFilter {
  family?: 4 | 6
  original?: KernelTuple
  reply?: KernelTuple
  mark?: { value: number; mask: number }
  status?: { value: number; mask: number }
  zone?: number
}
