import type { NftTableChange } from '../host-change.js'
import { listNftTables, runNft } from '../nft.js'
import type { ChangeKind } from './change-kind.js'

/** A table of that name that was there before is a leftover of ours, so it is replaced, and not put back. */
export const nftTable: ChangeKind<NftTableChange, null> = {
  identify: ({ name }) => name,
  readBefore: async () => null,
  async apply({ name, ruleset }) {
    // "table" makes "delete table" succeed where there is none, so that one transaction fits both cases.
    await runNft(['-f', '-'], `table ip ${name}\ndelete table ip ${name}\n${ruleset}`)
  },
  async undo({ name }) {
    await runNft(['-f', '-'], `table ip ${name}\ndelete table ip ${name}\n`)
  },
  holds: async ({ name }) => (await listNftTables()).includes(name),
}
