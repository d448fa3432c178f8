import type { AttributeNames, AttributeTable } from '@slatfatf/netlink'
import { NFGENMSG_BYTES } from './constants.js'

const tuple: AttributeNames = {
  1: ['CTA_TUPLE_IP', { 1: 'CTA_IP_V4_SRC', 2: 'CTA_IP_V4_DST', 3: 'CTA_IP_V6_SRC', 4: 'CTA_IP_V6_DST' }],
  2: [
    'CTA_TUPLE_PROTO',
    {
      1: 'CTA_PROTO_NUM',
      2: 'CTA_PROTO_SRC_PORT',
      3: 'CTA_PROTO_DST_PORT',
      4: 'CTA_PROTO_ICMP_ID',
      5: 'CTA_PROTO_ICMP_TYPE',
      6: 'CTA_PROTO_ICMP_CODE',
      7: 'CTA_PROTO_ICMPV6_ID',
      8: 'CTA_PROTO_ICMPV6_TYPE',
      9: 'CTA_PROTO_ICMPV6_CODE',
    },
  ],
  3: 'CTA_TUPLE_ZONE',
}

const nat: AttributeNames = {
  1: 'CTA_NAT_V4_MINIP',
  2: 'CTA_NAT_V4_MAXIP',
  3: ['CTA_NAT_PROTO', { 1: 'CTA_PROTONAT_PORT_MIN', 2: 'CTA_PROTONAT_PORT_MAX' }],
  4: 'CTA_NAT_V6_MINIP',
  5: 'CTA_NAT_V6_MAXIP',
}

const sequenceAdjustment: AttributeNames = {
  1: 'CTA_SEQADJ_CORRECTION_POS',
  2: 'CTA_SEQADJ_OFFSET_BEFORE',
  3: 'CTA_SEQADJ_OFFSET_AFTER',
}

/** Names what the kernel refuses in a request about flows. */
export const FLOW_ATTRIBUTES: AttributeTable = {
  headerBytes: NFGENMSG_BYTES,
  attributes: {
    1: ['CTA_TUPLE_ORIG', tuple],
    2: ['CTA_TUPLE_REPLY', tuple],
    3: 'CTA_STATUS',
    4: [
      'CTA_PROTOINFO',
      {
        1: [
          'CTA_PROTOINFO_TCP',
          {
            1: 'CTA_PROTOINFO_TCP_STATE',
            2: 'CTA_PROTOINFO_TCP_WSCALE_ORIGINAL',
            3: 'CTA_PROTOINFO_TCP_WSCALE_REPLY',
            4: 'CTA_PROTOINFO_TCP_FLAGS_ORIGINAL',
            5: 'CTA_PROTOINFO_TCP_FLAGS_REPLY',
          },
        ],
        2: [
          'CTA_PROTOINFO_DCCP',
          {
            1: 'CTA_PROTOINFO_DCCP_STATE',
            2: 'CTA_PROTOINFO_DCCP_ROLE',
            3: 'CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ',
          },
        ],
        3: [
          'CTA_PROTOINFO_SCTP',
          {
            1: 'CTA_PROTOINFO_SCTP_STATE',
            2: 'CTA_PROTOINFO_SCTP_VTAG_ORIGINAL',
            3: 'CTA_PROTOINFO_SCTP_VTAG_REPLY',
          },
        ],
      },
    ],
    5: ['CTA_HELP', { 1: 'CTA_HELP_NAME', 2: 'CTA_HELP_INFO' }],
    6: ['CTA_NAT_SRC', nat],
    7: 'CTA_TIMEOUT',
    8: 'CTA_MARK',
    12: 'CTA_ID',
    13: ['CTA_NAT_DST', nat],
    14: ['CTA_TUPLE_MASTER', tuple],
    15: ['CTA_SEQ_ADJ_ORIG', sequenceAdjustment],
    16: ['CTA_SEQ_ADJ_REPLY', sequenceAdjustment],
    18: 'CTA_ZONE',
    21: 'CTA_MARK_MASK',
    22: 'CTA_LABELS',
    23: 'CTA_LABELS_MASK',
    24: ['CTA_SYNPROXY', { 1: 'CTA_SYNPROXY_ISN', 2: 'CTA_SYNPROXY_ITS', 3: 'CTA_SYNPROXY_TSOFF' }],
    25: ['CTA_FILTER', { 1: 'CTA_FILTER_ORIG_FLAGS', 2: 'CTA_FILTER_REPLY_FLAGS' }],
    26: 'CTA_STATUS_MASK',
    27: 'CTA_TIMESTAMP_EVENT',
  },
}

/** Names what the kernel refuses in a request about expectations. */
export const EXPECTATION_ATTRIBUTES: AttributeTable = {
  headerBytes: NFGENMSG_BYTES,
  attributes: {
    1: ['CTA_EXPECT_MASTER', tuple],
    2: ['CTA_EXPECT_TUPLE', tuple],
    3: ['CTA_EXPECT_MASK', tuple],
    4: 'CTA_EXPECT_TIMEOUT',
    5: 'CTA_EXPECT_ID',
    6: 'CTA_EXPECT_HELP_NAME',
    7: 'CTA_EXPECT_ZONE',
    8: 'CTA_EXPECT_FLAGS',
    9: 'CTA_EXPECT_CLASS',
    10: ['CTA_EXPECT_NAT', { 1: 'CTA_EXPECT_NAT_DIR', 2: ['CTA_EXPECT_NAT_TUPLE', tuple] }],
    11: 'CTA_EXPECT_FN',
  },
}
