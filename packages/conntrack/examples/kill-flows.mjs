// Deletes all entries of an address, in either direction and on either side of a translation.
//   node kill-flows.mjs 10.0.0.2
import { openConntrack } from '@slatfatf/conntrack'

const [address] = process.argv.slice(2)
if (address === undefined) throw new Error('usage: kill-flows.mjs ADDRESS')
const table = await openConntrack()

const flows = new Map()
const ends = [{ source: address }, { destination: address }]
for (const filter of [...ends, ...ends.map((reply) => ({ reply }))]) {
  for await (const flow of table.dump(filter)) flows.set(flow.id, flow)
}

// Flows are keys: each goes by its tuple, zone and id, so one that is born meanwhile stays.
const { deleted, alreadyGone, failed, unknown } = await table.deleteMany(flows.values())
console.log(`${deleted} deleted, ${alreadyGone} already gone, ${failed + unknown} not known to be gone`)
await table.close()
