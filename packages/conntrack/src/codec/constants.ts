// From the kernel, through Linux 6.18: include/uapi/linux/netfilter/nfnetlink_conntrack.h, nfnetlink.h,
// nf_conntrack_common.h and net/netfilter/nf_conntrack_netlink.c.

export const AF_INET = 2
export const AF_INET6 = 10
/** `struct nfgenmsg`: family, version, and a number in network order. */
export const NFGENMSG_BYTES = 4
/** Version 1 makes the kernel heed the family of a flush. */
export const NFNL_VERSION_FAMILY_FLUSH = 1

export const NFNL_SUBSYS_CTNETLINK = 1 << 8
export const NFNL_SUBSYS_CTNETLINK_EXP = 2 << 8

export const NFNLGRP_CONNTRACK_NEW = 1
export const NFNLGRP_CONNTRACK_UPDATE = 2
export const NFNLGRP_CONNTRACK_DESTROY = 3
export const NFNLGRP_CONNTRACK_EXP_NEW = 4
export const NFNLGRP_CONNTRACK_EXP_DESTROY = 6

// Message types, with their subsystem.
export const IPCTNL_MSG_CT_NEW = NFNL_SUBSYS_CTNETLINK | 0
export const IPCTNL_MSG_CT_GET = NFNL_SUBSYS_CTNETLINK | 1
export const IPCTNL_MSG_CT_DELETE = NFNL_SUBSYS_CTNETLINK | 2
export const IPCTNL_MSG_CT_GET_CTRZERO = NFNL_SUBSYS_CTNETLINK | 3
export const IPCTNL_MSG_CT_GET_STATS_CPU = NFNL_SUBSYS_CTNETLINK | 4
export const IPCTNL_MSG_CT_GET_STATS = NFNL_SUBSYS_CTNETLINK | 5
export const IPCTNL_MSG_EXP_NEW = NFNL_SUBSYS_CTNETLINK_EXP | 0
export const IPCTNL_MSG_EXP_GET = NFNL_SUBSYS_CTNETLINK_EXP | 1
export const IPCTNL_MSG_EXP_DELETE = NFNL_SUBSYS_CTNETLINK_EXP | 2
export const IPCTNL_MSG_EXP_GET_STATS_CPU = NFNL_SUBSYS_CTNETLINK_EXP | 3

// enum ctattr_type
export const CTA_TUPLE_ORIG = 1
export const CTA_TUPLE_REPLY = 2
export const CTA_STATUS = 3
export const CTA_PROTOINFO = 4
export const CTA_HELP = 5
export const CTA_NAT_SRC = 6
export const CTA_TIMEOUT = 7
export const CTA_MARK = 8
export const CTA_COUNTERS_ORIG = 9
export const CTA_COUNTERS_REPLY = 10
export const CTA_USE = 11
export const CTA_ID = 12
export const CTA_NAT_DST = 13
export const CTA_TUPLE_MASTER = 14
export const CTA_SEQ_ADJ_ORIG = 15
export const CTA_SEQ_ADJ_REPLY = 16
export const CTA_ZONE = 18
export const CTA_SECCTX = 19
export const CTA_TIMESTAMP = 20
export const CTA_MARK_MASK = 21
export const CTA_LABELS = 22
export const CTA_LABELS_MASK = 23
export const CTA_SYNPROXY = 24
export const CTA_FILTER = 25
export const CTA_STATUS_MASK = 26
export const CTA_TIMESTAMP_EVENT = 27

// enum ctattr_tuple
export const CTA_TUPLE_IP = 1
export const CTA_TUPLE_PROTO = 2
export const CTA_TUPLE_ZONE = 3

// enum ctattr_ip
export const CTA_IP_V4_SRC = 1
export const CTA_IP_V4_DST = 2
export const CTA_IP_V6_SRC = 3
export const CTA_IP_V6_DST = 4

// enum ctattr_l4proto
export const CTA_PROTO_NUM = 1
export const CTA_PROTO_SRC_PORT = 2
export const CTA_PROTO_DST_PORT = 3
export const CTA_PROTO_ICMP_ID = 4
export const CTA_PROTO_ICMP_TYPE = 5
export const CTA_PROTO_ICMP_CODE = 6
export const CTA_PROTO_ICMPV6_ID = 7
export const CTA_PROTO_ICMPV6_TYPE = 8
export const CTA_PROTO_ICMPV6_CODE = 9

// enum ctattr_protoinfo, ctattr_protoinfo_tcp, _dccp, _sctp
export const CTA_PROTOINFO_TCP = 1
export const CTA_PROTOINFO_DCCP = 2
export const CTA_PROTOINFO_SCTP = 3
export const CTA_PROTOINFO_TCP_STATE = 1
export const CTA_PROTOINFO_TCP_WSCALE_ORIGINAL = 2
export const CTA_PROTOINFO_TCP_WSCALE_REPLY = 3
export const CTA_PROTOINFO_TCP_FLAGS_ORIGINAL = 4
export const CTA_PROTOINFO_TCP_FLAGS_REPLY = 5
export const CTA_PROTOINFO_DCCP_STATE = 1
export const CTA_PROTOINFO_DCCP_ROLE = 2
export const CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ = 3
export const CTA_PROTOINFO_SCTP_STATE = 1
export const CTA_PROTOINFO_SCTP_VTAG_ORIGINAL = 2
export const CTA_PROTOINFO_SCTP_VTAG_REPLY = 3

// enum ctattr_counters
export const CTA_COUNTERS_PACKETS = 1
export const CTA_COUNTERS_BYTES = 2
export const CTA_COUNTERS32_PACKETS = 3
export const CTA_COUNTERS32_BYTES = 4

// enum ctattr_tstamp
export const CTA_TIMESTAMP_START = 1
export const CTA_TIMESTAMP_STOP = 2

// enum ctattr_nat, ctattr_protonat
export const CTA_NAT_V4_MINIP = 1
export const CTA_NAT_V4_MAXIP = 2
export const CTA_NAT_PROTO = 3
export const CTA_NAT_V6_MINIP = 4
export const CTA_NAT_V6_MAXIP = 5
export const CTA_PROTONAT_PORT_MIN = 1
export const CTA_PROTONAT_PORT_MAX = 2

// enum ctattr_seqadj
export const CTA_SEQADJ_CORRECTION_POS = 1
export const CTA_SEQADJ_OFFSET_BEFORE = 2
export const CTA_SEQADJ_OFFSET_AFTER = 3

// enum ctattr_synproxy
export const CTA_SYNPROXY_ISN = 1
export const CTA_SYNPROXY_ITS = 2
export const CTA_SYNPROXY_TSOFF = 3

// enum ctattr_expect
export const CTA_EXPECT_MASTER = 1
export const CTA_EXPECT_TUPLE = 2
export const CTA_EXPECT_MASK = 3
export const CTA_EXPECT_TIMEOUT = 4
export const CTA_EXPECT_ID = 5
export const CTA_EXPECT_HELP_NAME = 6
export const CTA_EXPECT_ZONE = 7
export const CTA_EXPECT_FLAGS = 8
export const CTA_EXPECT_CLASS = 9
export const CTA_EXPECT_NAT = 10
export const CTA_EXPECT_FN = 11

// enum ctattr_expect_nat
export const CTA_EXPECT_NAT_DIR = 1
export const CTA_EXPECT_NAT_TUPLE = 2

// enum ctattr_help, ctattr_secctx
export const CTA_HELP_NAME = 1
export const CTA_HELP_INFO = 2
export const CTA_SECCTX_NAME = 1

// enum ctattr_stats_cpu, ctattr_stats_global, ctattr_expect_stats
export const CTA_STATS_SEARCHED = 1
export const CTA_STATS_FOUND = 2
export const CTA_STATS_NEW = 3
export const CTA_STATS_INVALID = 4
export const CTA_STATS_IGNORE = 5
export const CTA_STATS_DELETE = 6
export const CTA_STATS_DELETE_LIST = 7
export const CTA_STATS_INSERT = 8
export const CTA_STATS_INSERT_FAILED = 9
export const CTA_STATS_DROP = 10
export const CTA_STATS_EARLY_DROP = 11
export const CTA_STATS_ERROR = 12
export const CTA_STATS_SEARCH_RESTART = 13
export const CTA_STATS_CLASH_RESOLVE = 14
export const CTA_STATS_CHAIN_TOOLONG = 15
export const CTA_STATS_GLOBAL_ENTRIES = 1
export const CTA_STATS_GLOBAL_MAX_ENTRIES = 2
export const CTA_STATS_EXP_NEW = 1
export const CTA_STATS_EXP_CREATE = 2
export const CTA_STATS_EXP_DELETE = 3

// enum ctattr_filter, and the bits of its two words, which are in host byte order
export const CTA_FILTER_ORIG_FLAGS = 1
export const CTA_FILTER_REPLY_FLAGS = 2
export const CTA_FILTER_F_CTA_IP_SRC = 1 << 0
export const CTA_FILTER_F_CTA_IP_DST = 1 << 1
export const CTA_FILTER_F_CTA_PROTO_NUM = 1 << 3
export const CTA_FILTER_F_CTA_PROTO_SRC_PORT = 1 << 4
export const CTA_FILTER_F_CTA_PROTO_DST_PORT = 1 << 5
