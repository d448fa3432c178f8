import { openConntrack, openEvents } from '@slatfatf/conntrack'

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

/** Makes entries from this process. */
export async function create(...ports) {
  const conntrack = await openConntrack()
  for (const port of ports) await conntrack.create(flow(port))
  await conntrack.close()
}

/** Hears of what another handle of the same process does. */
export async function hearOneself() {
  const events = await openEvents()
  await create(1, 2)
  const ports = []
  for await (const { flow } of events) {
    ports.push(flow.original.sourcePort)
    if (ports.length === 2) break
  }
  return ports
}

export async function openAsNobody() {
  // The addon is loaded before: it may lie where nobody can read it.
  await (await openEvents()).close()
  process.setgroups([])
  process.setgid(65534)
  process.setuid(65534)
  try {
    await openEvents()
    return 'opened'
  } catch (error) {
    return { name: error.name, code: error.code, hint: error.hint }
  }
}

/** A worker that listens is ended while it hears of entries. */
export async function terminateListener() {
  const { Worker } = await import('node:worker_threads')
  const { once } = await import('node:events')
  const worker = new Worker(new URL('./worker-listener.mjs', import.meta.url))
  const [first] = await once(worker, 'message')
  const heard = once(worker, 'message')
  await create(11, 12, 13)
  const [second] = await heard
  await worker.terminate()
  return [first, second]
}
