// The listener under test: what native/conntrack-events.c does as `listen`, by openEvents of @slatfatf/conntrack.
//
//   node package-listener.mjs listen RECEIVE_BUFFER_BYTES 0
import { openEvents } from '@slatfatf/conntrack'

const receiveBufferBytes = Number(process.argv[3])
// Never grown: the others have what they are given, too.
const events = await openEvents({
  kinds: ['new', 'destroy'],
  receiveBufferBytes,
  maxReceiveBufferBytes: receiveBufferBytes,
})
let count = 0
let overruns = 0
process.once('SIGTERM', () => {
  console.log(JSON.stringify({ events: count, overruns }))
  process.exit(0)
})
console.log('ready')
for await (const { type } of events) {
  if (type === 'overrun') overruns += 1
  else count += 1
}
