// From the kernel: include/uapi/linux/netlink.h, asm-generic/socket.h.

/** Netlink protocol numbers, the `protocol` of {@link openNetlink}. */
export const NETLINK_ROUTE = 0
export const NETLINK_SOCK_DIAG = 4
export const NETLINK_NETFILTER = 12
export const NETLINK_GENERIC = 16

export const NLM_F_REQUEST = 0x1
export const NLM_F_MULTI = 0x2
export const NLM_F_ACK = 0x4
export const NLM_F_ECHO = 0x8
export const NLM_F_DUMP_INTR = 0x10
/** On every message of a dump whose filter the kernel applied. */
export const NLM_F_DUMP_FILTERED = 0x20

/** Of requests that read. */
export const NLM_F_ROOT = 0x100
export const NLM_F_MATCH = 0x200
export const NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH

/** Of requests that write. */
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_APPEND = 0x800

/** Of NLMSG_ERROR and NLMSG_DONE. */
export const NLM_F_CAPPED = 0x100
export const NLM_F_ACK_TLVS = 0x200

export const NLMSG_NOOP = 1
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLMSG_OVERRUN = 4
/** Smaller types are netlink's own. */
export const NLMSG_MIN_TYPE = 16
export const NLMSG_HDRLEN = 16

export const NLA_F_NESTED = 0x8000
export const NLA_TYPE_MASK = 0x3fff
export const NLA_HDRLEN = 4

export const NLMSGERR_ATTR_MSG = 1
export const NLMSGERR_ATTR_OFFS = 2
export const NLMSGERR_ATTR_MISS_TYPE = 5
export const NLMSGERR_ATTR_MISS_NEST = 6

export const SOL_NETLINK = 270
export const NETLINK_ADD_MEMBERSHIP = 1
export const NETLINK_DROP_MEMBERSHIP = 2
export const NETLINK_BROADCAST_ERROR = 4
export const NETLINK_NO_ENOBUFS = 5
export const NETLINK_LISTEN_ALL_NSID = 8
export const NETLINK_CAP_ACK = 10
export const NETLINK_EXT_ACK = 11
export const NETLINK_GET_STRICT_CHK = 12

export const SOL_SOCKET = 1
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_SNDBUFFORCE = 32
export const SO_RCVBUFFORCE = 33

// asm-generic/errno.h, negative as the addon returns them.
export const EPERM = -1
export const EBADF = -9
export const EAGAIN = -11
export const EEXIST = -17
export const EMSGSIZE = -90
export const ENOBUFS = -105

// Our choice.

/** The kernel fills dump datagrams up to this size once it has seen a receive buffer as large. */
export const DATAGRAM_ROOM_BYTES = 32 * 1024

/** The default socket buffer holds 256 acknowledgements; every further one would be lost with ENOBUFS. */
export const MAX_REQUESTS_IN_FLIGHT = 64

/** How long one turn of the event loop may be kept from others. */
export const TURN_MS = 2.5

/** How often a dump is made before the table is called too busy to be read. */
export const MAX_DUMP_ATTEMPTS = 8

export function align4(length: number): number {
  return (length + 3) & ~3
}
