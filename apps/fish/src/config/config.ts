/**
 * A validated configuration: every default filled in, every value parsed.
 *
 * Durations end in `Ms` and are milliseconds. Made only by `parseConfig` and `loadConfig`.
 */
export interface Config {
  readonly device: DeviceConfig
  readonly clients: readonly ClientConfig[]
  readonly slices: readonly SliceConfig[]
  readonly egress: EgressConfig
  readonly returnPath: 'socket-mark'
  readonly routing: RoutingConfig
  readonly limits: LimitsConfig
  readonly timeouts: TimeoutsConfig
  readonly host: { readonly widenPortRange: boolean }
  readonly stop: { readonly quietMs: number }
  readonly restart: { readonly socket: string; readonly drainMs: number }
  /** Where metrics are served; `false` when they are off. */
  readonly metrics: { readonly listen: ListenAddress } | false
  readonly state: { readonly directory: string }
  /** What was accepted although it has no effect or goes against an RFC; one sentence each, for the log. */
  readonly warnings: readonly string[]
}

/** The TUN device that carries both directions. */
export interface DeviceConfig {
  readonly name: string
  readonly mtu: number
  readonly offload: 'auto' | 'raw' | 'off'
  /** Packets the device queues for fish while it is busy. */
  readonly txQueueLength: number
}

/** An interface whose hosts are forwarded. */
export interface ClientConfig {
  readonly interface: string
  /** Packets from other sources are dropped; absent: every source is served. CIDR, without host bits. */
  readonly prefixes?: readonly string[]
}

/** One address and the ports of it that are ours; both ends of the range belong to it. */
export interface SliceConfig {
  readonly address: string
  readonly ports: { readonly first: number; readonly last: number }
  readonly tags: readonly string[]
}

/** How each protocol leaves. */
export interface EgressConfig {
  readonly tcp: 'placeholder'
  readonly udp: 'port'
  readonly icmp: 'echo-id'
  readonly rules: readonly never[]
}

/** The numbers fish uses in the kernel's policy routing. */
export interface RoutingConfig {
  readonly mark: number
  readonly table: number
  readonly clientTable: number
  /** Marked packets at this priority, the local table at the next, clients at the one after. */
  readonly priority: number
}

/** What may be held at once. */
export interface LimitsConfig {
  readonly flows: number
  readonly flowsPerClient: number
  readonly newFlowsPerSecondPerClient: number
}

/** How long a silent flow keeps its tuple. */
export interface TimeoutsConfig {
  readonly tcpEstablishedMs: number
  readonly tcpTransitoryMs: number
  readonly udpMs: number
  readonly icmpMs: number
}

/** A host (name, IPv4 or IPv6 without brackets) and a port; port 0 lets the kernel choose. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}
