/**
 * One thing that fish changes on the host, as plain data: what the plan is made of, and what the journal remembers.
 *
 * How each kind is looked up, made, unmade and verified is in `changes/`, one file a kind.
 */
export type HostChange =
  | NftTableChange
  | SysctlChange
  | AddressChange
  | DeviceChange
  | RouteChange
  | RuleChange
  | LocalLastChange

/** The nft table is there. Loaded and removed in one transaction each. */
export interface NftTableChange {
  readonly kind: 'nft-table'
  readonly name: string
  readonly ruleset: string
}

/** A file below /proc/sys has the value. */
export interface SysctlChange {
  readonly kind: 'sysctl'
  /** With slashes, because interfaces may have dots: `net/ipv4/conf/eth0.1/forwarding`. */
  readonly key: string
  readonly value: string
  /** Keys the kernel resets by itself when this one is written. */
  readonly resets?: readonly string[]
}

/** The address is on the interface; one that was there before stays. */
export interface AddressChange {
  readonly kind: 'address'
  readonly interface: string
  /** With prefix length. */
  readonly address: string
}

/** The device, made by whoever forwards, is configured and up. Undone by deleting it. */
export interface DeviceChange {
  readonly kind: 'device'
  readonly name: string
  readonly mtu: number
  readonly txQueueLength: number
}

/** The table's default route leads into the device. */
export interface RouteChange {
  readonly kind: 'route'
  readonly table: number
  readonly interface: string
}

/** An IPv4 rule. */
export interface RuleChange {
  readonly kind: 'rule'
  readonly priority: number
  readonly table: number
  readonly mark?: number
  readonly inputInterface?: string
}

/** The local table is no longer looked up at priority 0; the rule that looks it up later is a change before this one. */
export interface LocalLastChange {
  readonly kind: 'local-last'
}

/** Each kind, in the order in which they are made; they are unmade in the reverse one. */
export const changeOrder = [
  'nft-table',
  'sysctl',
  'address',
  'device',
  'route',
  'rule',
  'local-last',
] as const satisfies readonly HostChange['kind'][]
