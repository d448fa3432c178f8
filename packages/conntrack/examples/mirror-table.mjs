// Keeps a copy of the table and tells what comes, changes its state and goes, until SIGINT.
import { mirrorTable } from '@slatfatf/conntrack'

const table = await mirrorTable({
  filter: { protocol: 'tcp' },
  listener: {
    added: (flow) => console.log('+', describe(flow)),
    changed(flow, before) {
      if (stateOf(flow) !== stateOf(before)) console.log(' ', describe(flow))
    },
    removed: (flow) => console.log('-', describe(flow)),
    // What was missed meanwhile is told by the functions above.
    overrun: () => console.log('events were lost, reading the table anew'),
  },
})
await table.ready
console.log(`flows at the start: ${table.size}`)
process.once('SIGINT', async () => {
  await table.settled()
  console.log(`flows at the end: ${table.size}`)
  await table.close()
})

function describe(flow) {
  const { source, sourcePort, destination, destinationPort } = flow.original
  return `${source} ${sourcePort} → ${destination} ${destinationPort} ${stateOf(flow) ?? ''}`.trim()
}

function stateOf({ protocolInfo }) {
  return protocolInfo?.tcp?.state
}
