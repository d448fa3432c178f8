// From the kernel: include/uapi/linux/{rtnetlink,if_link,if_addr,if_tun,neighbour,veth,fib_rules,if}.h.

export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
export const RTM_GETLINK = 18
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26
export const RTM_NEWNEIGH = 28
export const RTM_DELNEIGH = 29
export const RTM_GETNEIGH = 30
export const RTM_NEWRULE = 32
export const RTM_DELRULE = 33
export const RTM_GETRULE = 34

export const RTM_NEWNEXTHOP = 104
export const RTM_DELNEXTHOP = 105

export const RTNLGRP_LINK = 1
export const RTNLGRP_NEIGH = 3
export const RTNLGRP_IPV4_IFADDR = 5
export const RTNLGRP_IPV4_ROUTE = 7
export const RTNLGRP_IPV4_RULE = 8
export const RTNLGRP_IPV6_IFADDR = 9
export const RTNLGRP_IPV6_ROUTE = 11
export const RTNLGRP_IPV6_RULE = 19
export const RTNLGRP_NEXTHOP = 32

export const AF_UNSPEC = 0
export const AF_INET = 2
export const AF_INET6 = 10

export const IFF_UP = 0x1
export const IFF_RUNNING = 0x40

export const IFLA_ADDRESS = 1
export const IFLA_IFNAME = 3
export const IFLA_MTU = 4
export const IFLA_LINK = 5
export const IFLA_MASTER = 10
export const IFLA_WIRELESS = 11
export const IFLA_TXQLEN = 13
export const IFLA_OPERSTATE = 16
export const IFLA_LINKINFO = 18
export const IFLA_STATS64 = 23
export const IFLA_AF_SPEC = 26
export const IFLA_GROUP = 27
export const IFLA_NET_NS_FD = 28
export const IFLA_EXT_MASK = 29
export const RTEXT_FILTER_SKIP_STATS = 8
export const IFLA_CARRIER = 33
export const IFLA_NEW_IFINDEX = 49
export const IFLA_INFO_KIND = 1
export const IFLA_INFO_DATA = 2
export const VETH_INFO_PEER = 1
export const IFLA_VLAN_ID = 1
export const IFLA_MACVLAN_MODE = 1
export const IFLA_IPVLAN_MODE = 1
export const IFLA_TUN_OWNER = 1
export const IFLA_TUN_GROUP = 2
export const IFLA_TUN_TYPE = 3
export const IFLA_TUN_PI = 4
export const IFLA_TUN_VNET_HDR = 5
export const IFLA_TUN_PERSIST = 6
export const IFLA_TUN_MULTI_QUEUE = 7
export const IFLA_TUN_NUM_QUEUES = 8
export const IFLA_TUN_NUM_DISABLED_QUEUES = 9
export const IFF_TAP = 2
export const IFLA_INET6_ADDR_GEN_MODE = 8
export const IN6_ADDR_GEN_MODE_EUI64 = 0
export const IN6_ADDR_GEN_MODE_NONE = 1

export const IFA_ADDRESS = 1
export const IFA_LOCAL = 2
export const IFA_FLAGS = 8
export const IFA_F_DADFAILED = 0x08
export const IFA_F_DEPRECATED = 0x20
export const IFA_F_TENTATIVE = 0x40

export const NDA_DST = 1
export const NDA_LLADDR = 2
export const NDA_IFINDEX = 8
export const NTF_PROXY = 0x08
export const NTF_ROUTER = 0x80

export const RTA_DST = 1
export const RTA_OIF = 4
export const RTA_GATEWAY = 5
export const RTA_PRIORITY = 6
export const RTA_PREFSRC = 7
export const RTA_METRICS = 8
export const RTA_MULTIPATH = 9
export const RTA_TABLE = 15
export const RTA_VIA = 18
export const RTAX_MTU = 2
export const RTAX_WINDOW = 3
export const RTAX_RTT = 4
export const RTAX_RTTVAR = 5
export const RTAX_SSTHRESH = 6
export const RTAX_CWND = 7
export const RTAX_ADVMSS = 8
export const RTAX_REORDERING = 9
export const RTAX_HOPLIMIT = 10
export const RTAX_INITCWND = 11
export const RTAX_RTO_MIN = 13
export const RTAX_INITRWND = 14
export const RTAX_QUICKACK = 15
export const RTM_F_LOOKUP_TABLE = 0x1000

export const RT_TABLE_MAIN = 254
export const RT_TABLE_LOCAL = 255
export const RT_SCOPE_NOWHERE = 255

export const FRA_DST = 1
export const FRA_SRC = 2
export const FRA_IIFNAME = 3
export const FRA_PRIORITY = 6
export const FRA_FWMARK = 10
export const FRA_FLOW = 11
export const FRA_SUPPRESS_IFGROUP = 13
export const FRA_SUPPRESS_PREFIXLEN = 14
export const FRA_TABLE = 15
export const FRA_FWMASK = 16
export const FRA_OIFNAME = 17
export const FRA_PAD = 18
export const FRA_L3MDEV = 19
export const FRA_PROTOCOL = 21
export const FIB_RULE_INVERT = 0x2
export const FIB_RULE_UNRESOLVED = 0x4
export const FIB_RULE_IIF_DETACHED = 0x8
export const FIB_RULE_OIF_DETACHED = 0x10

export const IFNAMSIZ = 16

export const ENOENT = -2
export const ESRCH = -3
export const EACCES = -13
export const EEXIST = -17
export const ENODEV = -19
export const EINVAL = -22
export const EOPNOTSUPP = -95
export const EADDRNOTAVAIL = -99
export const ENETUNREACH = -101
export const EHOSTUNREACH = -113

// Our choice.

/** The metric that the kernel gives an IPv6 route without one. */
export const DEFAULT_IPV6_METRIC = 1024
