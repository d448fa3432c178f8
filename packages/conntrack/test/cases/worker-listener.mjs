import { parentPort } from 'node:worker_threads'
import { mirrorTable, openEvents } from '@slatfatf/conntrack'

const events = await openEvents()
const table = await mirrorTable()
await table.ready
parentPort.postMessage('listening')
for await (const { type } of events) parentPort.postMessage(type)
