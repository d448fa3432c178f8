import type { Config } from '../config/config.js'
import { runNft } from './nft.js'
import { GUARDS, tableName } from './nft-ruleset.js'

/** Packets that each guard of the kernel has dropped since it was installed. */
export type GuardCounts = Readonly<Record<(typeof GUARDS)[number], number>>

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
  const packetsOf = (guard: string): number =>
    nftables.find(
      ({ counter }) => counter?.family === 'ip' && counter.table === table && counter.name === guard,
    )?.counter?.packets ?? 0
  return Object.fromEntries(GUARDS.map((guard) => [guard, packetsOf(guard)])) as GuardCounts
}
