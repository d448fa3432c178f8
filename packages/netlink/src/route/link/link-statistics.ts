import type { AttributeReader } from '../../codec/attribute-reader.js'

/** What has gone through an interface since it was made. Equals `ip -statistics link show`. */
export interface LinkStatistics {
  rxPackets: bigint
  txPackets: bigint
  rxBytes: bigint
  txBytes: bigint
  rxErrors: bigint
  txErrors: bigint
  rxDropped: bigint
  txDropped: bigint
}

/** IFLA_STATS64, the beginning of struct rtnl_link_stats64. */
export function decodeLinkStatistics(a: AttributeReader): LinkStatistics {
  return {
    rxPackets: a.uint64(0),
    txPackets: a.uint64(8),
    rxBytes: a.uint64(16),
    txBytes: a.uint64(24),
    rxErrors: a.uint64(32),
    txErrors: a.uint64(40),
    rxDropped: a.uint64(48),
    txDropped: a.uint64(56),
  }
}
