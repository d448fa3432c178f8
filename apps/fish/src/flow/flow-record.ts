/**
 * One flow is sixteen 32-bit words, so that a record is one cache line and maps one to one to an entry of a kernel table or to bytes
 * in a mapped file. Addresses are IPv4 in host order; a port is an echo identifier where the protocol is ICMP.
 */
export const FLOW_WORDS = 16

/** Word offsets inside a record. */
export const FLOW = {
  protocol: 0,
  clientAddress: 1,
  clientPort: 2,
  externalAddress: 3,
  externalPort: 4,
  /** 0 where one mapping serves every remote (endpoint-independent, RFC 4787 §4.1). */
  remoteAddress: 5,
  remotePort: 6,
  /** When a packet that refreshes the flow last passed, in ticks of {@link TICK_MS}. */
  lastSeen: 7,
  /** A {@link TCP_STATE}; 0 for everything else. */
  state: 8,
  /** Chains free records; -1 ends the chain. */
  nextFree: 9,
} as const

/** Resolution of the flow clock. 31 bits of it last 6.8 years of uptime. */
export const TICK_MS = 100

export const IPPROTO_ICMP = 1
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
