import type { Config } from '../config/config.js'
import { runNft } from './nft.js'
import { tableName } from './nft-ruleset.js'

/** Packets that the guards of the kernel dropped since they were installed. */
export interface GuardCounts {
  /** Packets to a slice that no socket of the host holds: dropped, not answered. */
  readonly guardIn: number
  /** Packets of fish whose final source was outside the slices. */
  readonly guardOut: number
}

/**
 * Reads the guards' counters; zero while they are not installed. Equals `nft list counters table ip NAME`.
 *
 * @throws {HostError} `ERR_NFT_MISSING` or `ERR_NFT_FAILED`
 */
export async function readGuards(config: Pick<Config, 'device'>): Promise<GuardCounts> {
  // All tables, because asking for one that is not there is an error like any other.
  const { nftables } = JSON.parse(await runNft(['-j', 'list', 'counters'])) as {
    nftables: { counter?: { family: string; table: string; name: string; packets: number } }[]
  }
  const table = tableName(config.device.name)
  const packets = (name: string) =>
    nftables.find(
      ({ counter }) => counter?.family === 'ip' && counter.table === table && counter.name === name,
    )?.counter?.packets ?? 0
  return { guardIn: packets('guard_in'), guardOut: packets('guard_out') }
}
