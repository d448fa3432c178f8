// Listens without keeping the process alive, then ends by itself; with an argument it exits while events come.
import { mirrorTable, openEvents } from '@slatfatf/conntrack'

const events = await openEvents({ ref: false })
void events.next()
const table = await mirrorTable({ ref: false, reconcileMs: 1000 })
await table.ready
console.log(`listening to ${table.size}`)
