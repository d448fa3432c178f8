// Decides, before its first packet comes, to what a forwarded TCP connection is translated.
//   node translate-flow.mjs 10.0.0.2:4000 203.0.113.1:443 198.51.100.10:9000
import { openConntrack, prepareTcp } from '@slatfatf/conntrack'

const [from, to, via] = process.argv.slice(2).map((end) => {
  const [address, port] = end.split(':')
  return { address, port: Number(port) }
})

const table = await openConntrack()
const flow = prepareTcp({
  original: {
    source: from.address,
    sourcePort: from.port,
    destination: to.address,
    destinationPort: to.port,
  },
  nat: { source: via },
})
// Without chains that translate, the kernel would take the entry and no packet would be translated.
await table.create(flow, { requireTracking: true })
const reply = (await table.get(flow))?.reply
if (reply)
  console.log(`replies to ${reply.destination}:${reply.destinationPort} go to ${from.address}:${from.port}`)
await table.close()
