// Shows the flows that carry most, second by second, like a small iftop; with --once, since they began. Counting must be on:
//   sysctl -w net.netfilter.nf_conntrack_acct=1
//   node flow-top.mjs [--once]
import { setTimeout as sleep } from 'node:timers/promises'
import { openConntrack } from '@slatfatf/conntrack'

const LINES = 10
const isOnce = process.argv[2] === '--once'
const table = await openConntrack()

for (let before = new Map(); ; await sleep(1000)) {
  const now = await read()
  const flows = [...now].map(([id, flow]) => ({ ...flow, bytes: flow.bytes - (before.get(id)?.bytes ?? 0n) }))
  flows.sort((a, b) => Number(b.bytes - a.bytes))
  if (!isOnce) console.clear()
  console.log(`${now.size} flows`)
  for (const { name, bytes } of flows.slice(0, LINES)) console.log(`${bytes} B`.padStart(16), name)
  if (isOnce) break
  before = now
}
await table.close()

/** What each flow has carried so far. A flow is told from one born later with the same tuple by its id. */
async function read() {
  const flows = new Map()
  for await (const { id, original, counters } of table.dump()) {
    const bytes = (counters?.original?.bytes ?? 0n) + (counters?.reply?.bytes ?? 0n)
    flows.set(id, { bytes, name: describe(original) })
  }
  return flows
}

function describe({ protocol, source, sourcePort = '', destination, destinationPort = '' }) {
  return `${protocol} ${source} ${sourcePort} → ${destination} ${destinationPort}`
}
