import { NetlinkError } from '@slatfatf/netlink'

/** Bytes that contradict themselves, or lack what every message of their kind has. */
export function malformed(what: string): NetlinkError {
  return new NetlinkError(`malformed conntrack message: ${what}`, { code: 'ERR_NETLINK_MALFORMED' })
}
