import { connect } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart } from '../src/coordination/request-restart.js'
import { get, RawClient } from './raw-client.js'
import { ServiceRoom } from './service-room.js'

class Clients implements Disposable {
  readonly all: RawClient[] = []

  constructor(path: string, count: number) {
    for (let index = 0; index < count; index++) this.all.push(new RawClient(connect(path)))
  }

  /** Each sends one request over the connection that it has; resolves to how many answers came from each process. */
  async ask(): Promise<Map<number, number>> {
    const begins = this.all.map(({ text }) => text.length)
    for (const client of this.all) client.send(get('/'))
    const counts = new Map<number, number>()
    for (const [index, client] of this.all.entries()) {
      const answer = () => /"pid":(\d+)/.exec(client.text.slice(begins[index]))
      const [, pid] = await waitFor(() => answer() ?? (client.ending && fail(client.ending)))
      counts.set(Number(pid), (counts.get(Number(pid)) ?? 0) + 1)
    }
    return counts
  }

  [Symbol.dispose](): void {
    for (const client of this.all) client.close()
  }
}

function fail(ending: string): never {
  throw new Error(`a connection ended (${ending}) before it was answered`)
}

test('a thousand idle connections go along, and all are answered by the next version', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ handOver: true })
  using clients = new Clients(room.web, 1_000)
  expect(await clients.ask()).toEqual(new Map([[first.pid, 1_000]]))
  const { pid } = await requestRestart({ path: room.control })
  await room.waitForAnswer(({ exited }) => exited)
  expect(await clients.ask()).toEqual(new Map([[pid, 1_000]]))
})

test('a next version that is near its limit of descriptors leaves connections where they are, and has room for new ones', async () => {
  await using room = new ServiceRoom()
  const own = await openAtRest()
  // Room for the connections, and for little else.
  const limit = own + 200 + 8
  const args = [`--nofile=${limit}:${limit}`, process.execPath, room.program]
  await room.start({ handOver: true, options: { command: { file: 'prlimit', args } } })
  using clients = new Clients(room.web, 200)
  await clients.ask()
  const { pid } = await requestRestart({ path: room.control })
  await room.waitForAnswer(({ exited }) => exited)
  expect(await room.ask()).toMatchObject({ pid, generation: 1 })
  expect(room.census(pid).descriptors).toBeLessThan(own + 100)
  for (const client of clients.all) expect(await client.ended()).toBe('end')
})

/** How many descriptors a version has that nobody is connected to. */
async function openAtRest(): Promise<number> {
  await using room = new ServiceRoom()
  await room.start()
  const { pid } = await requestRestart({ path: room.control })
  await room.waitForAnswer(({ exited }) => exited)
  return room.census(pid).descriptors
}
