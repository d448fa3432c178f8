import { mirrorTable, openConntrack } from '@slatfatf/conntrack'

const flow = (port) => ({
  original: {
    source: '192.0.2.7',
    destination: '198.51.100.1',
    protocol: 'udp',
    sourcePort: port,
    destinationPort: 53,
  },
  timeoutSeconds: 60,
})

export async function eventModes() {
  const own = await mirrorTable()
  const byPath = await mirrorTable({ netns: '/proc/self/ns/net' })
  const modes = { own: own.eventMode, byPath: byPath.eventMode }
  await own.close()
  await byPath.close()
  return modes
}

/** Every reading by the clock would have come several times until the other table has had its own. */
export async function reconcileWithoutMuteEntries() {
  const table = await mirrorTable({ reconcileMs: 20 })
  await table.ready
  const conntrack = await openConntrack()
  await conntrack.create(flow(1))
  await table.settled()
  // This one knows the entry from reading only.
  const other = await mirrorTable({ reconcileMs: 20 })
  await new Promise((resolve) => {
    const look = () => (other.counters.reconciliations > 3 ? resolve() : setImmediate(look))
    look()
  })
  const { reconciliations } = table.counters
  const { size } = table
  await conntrack.delete(flow(1))
  for (const each of [table, other, conntrack]) await each.close()
  return { reconciliations, size }
}

export async function throwFromListener() {
  const thrown = []
  process.on('uncaughtException', ({ message }) => thrown.push(message))
  const table = await mirrorTable({
    listener: {
      added({ original }) {
        if (original.sourcePort === 1) throw new Error('from added')
      },
      removed() {
        throw new Error('from removed')
      },
    },
  })
  await table.ready
  const conntrack = await openConntrack()
  await conntrack.create(flow(1))
  await conntrack.create(flow(2))
  await conntrack.delete(flow(1))
  await table.settled()
  const ports = [...table].map(({ original }) => original.sourcePort)
  await conntrack.delete(flow(2))
  await conntrack.close()
  await table.close()
  process.removeAllListeners('uncaughtException')
  return { thrown: thrown.slice(0, 2), ports }
}
