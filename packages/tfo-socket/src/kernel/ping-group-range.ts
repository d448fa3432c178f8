import { readSysctl } from './sysctl.js'

export const pingSysctl = 'net.ipv4.ping_group_range'

/** The groups that may open ping sockets; undefined if none may, which is the kernel's default. */
export function pingGroups(): { low: number; high: number } | undefined {
  const [low = 1, high = 0] = readSysctl(pingSysctl).split(/\s+/).map(Number)
  // A range that ends before it starts is empty.
  return low > high ? undefined : { low, high }
}

/** The command after which this group may open ping sockets too, and still those that may now. */
export function admitPingGroup(group: number): string {
  const { low, high } = pingGroups() ?? { low: group, high: group }
  return `sysctl -w ${pingSysctl}="${Math.min(low, group)} ${Math.max(high, group)}"`
}
