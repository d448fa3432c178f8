// Writes the table to a file of JSON lines, or makes the entries of such a file, translations included.
//   node export-flows.mjs > flows.jsonl
//   node export-flows.mjs --restore < flows.jsonl
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openConntrack, toNewFlow } from '@slatfatf/conntrack'

const table = await openConntrack()
if (process.argv[2] === '--restore') {
  const flows = []
  for await (const line of createInterface({ input: process.stdin }))
    flows.push(toNewFlow(JSON.parse(line, revive)))
  const { created, existing, failed } = await table.createMany(flows)
  console.log(`${created} created, ${existing} were there, ${failed} failed`)
} else {
  // Flat memory, however large the table is: what is read waits for what is written.
  await pipeline(Readable.from(lines()), process.stdout)
}
await table.close()

async function* lines() {
  for await (const flow of table.dump()) yield `${JSON.stringify(flow, replace)}\n`
}

/** Counters and times are bigints, labels are bytes. */
function replace(_, value) {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value
}

function revive(_, value) {
  return typeof value?.hex === 'string' ? new Uint8Array(Buffer.from(value.hex, 'hex')) : value
}
