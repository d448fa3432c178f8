import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Neighbour } from '../src/index.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host: west (192.0.2.1/24, 2001:db8::1/64) ─ east, a cable with both ends in one namespace
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
  await host.ip('address', 'add', '192.0.2.1/24', 'dev', 'west')
  await host.ip('address', 'add', '2001:db8::1/64', 'dev', 'west', 'nodad')
})
afterAll(() => host.close())

interface IpNeighbour {
  dst: string
  dev: string
  lladdr?: string
  state: string[]
  router?: null
}

/** The kernel adds multicast entries, state noarp, whenever it sends to one: two readings may differ in those. */
const isNoarp = ({ state }: { state: string | number }) => state === 'noarp'

async function shown(): Promise<unknown[]> {
  const entries: IpNeighbour[] = []
  for (const family of ['-4', '-6']) {
    entries.push(...((await host.json(family, 'neighbour', 'show', 'nud', 'all')) as IpNeighbour[]))
  }
  return entries
    .map(({ dst, dev, lladdr, state }) => ({
      address: dst,
      interface: dev,
      lladdr,
      state: state[0]!.toLowerCase(),
    }))
    .filter((entry) => !isNoarp(entry))
}

function asIpShowsIt({ address, lladdr, state, ...rest }: Neighbour) {
  return { address, interface: rest.interface, lladdr, state }
}

const lladdr = '02:00:00:00:00:09'

test.each(['192.0.2.9', '2001:db8::9'])(
  '%s is added once, shown as ip shows it, and removed once',
  async (address) => {
    const options = { interface: 'west', address, lladdr }
    expect(await host.socket.ensureNeighbour(options)).toBe(true)
    expect(await host.socket.ensureNeighbour(options)).toBe(false)
    const all = await host.socket.neighbours()
    expect(all.map(asIpShowsIt).filter((entry) => !isNoarp(entry))).toEqual(await shown())
    expect(all).toContainEqual(expect.objectContaining({ ...options, state: 'permanent' }))
    const key = { interface: 'west', address }
    expect(await host.socket.removeNeighbour(key)).toBe(true)
    expect(await host.socket.removeNeighbour(key)).toBe(false)
  },
)

test.each(['192.0.2.10', '2001:db8::10'])(
  'what the kernel has learned of %s gives way, what is permanent does not',
  async (address) => {
    const key = { interface: 'west', address }
    await host.ip('neighbour', 'add', address, 'dev', 'west', 'lladdr', '02:00:00:00:00:01', 'nud', 'stale')
    expect(await host.socket.ensureNeighbour({ ...key, lladdr })).toBe(true)
    expect(await host.socket.neighbours({ state: 'permanent' })).toMatchObject([{ address, lladdr }])
    const other = host.socket.ensureNeighbour({ ...key, lladdr: '02:00:00:00:00:02' })
    await expect(other).rejects.toMatchObject({ code: 'EEXIST', hint: expect.any(String) })
    expect(await host.socket.neighbours({ state: 'permanent' })).toMatchObject([{ address, lladdr }])
    await host.socket.removeNeighbour(key)
  },
)

test('an entry is made reachable, and marked as a router', async () => {
  const options = {
    interface: 'west',
    address: '2001:db8::11',
    lladdr,
    state: 'reachable',
    router: true,
  } as const
  expect(await host.socket.ensureNeighbour(options)).toBe(true)
  expect(
    await host.socket.neighbours({ interface: 'west', family: 6, state: ['reachable', 'stale'] }),
  ).toMatchObject([{ address: '2001:db8::11', lladdr, router: true }])
  await host.socket.removeNeighbour({ interface: 'west', address: '2001:db8::11' })
})

test('the list is filtered by interface, family and state', async () => {
  for (const dev of ['west', 'east']) {
    await host.socket.ensureNeighbour({ interface: dev, address: '192.0.2.20', lladdr })
    await host.socket.ensureNeighbour({ interface: dev, address: '2001:db8::20', lladdr })
  }
  const permanent = { state: 'permanent' } as const
  const names = async (filter: object) =>
    (await host.socket.neighbours({ ...permanent, ...filter })).map(
      (one) => `${one.interface} ${one.address}`,
    )
  expect(await names({ interface: 'east' })).toEqual(['east 192.0.2.20', 'east 2001:db8::20'])
  expect((await names({ family: 6 })).sort()).toEqual(['east 2001:db8::20', 'west 2001:db8::20'])
  const { index } = (await host.socket.link('west'))!
  expect(await names({ interface: index, family: 4 })).toEqual(['west 192.0.2.20'])
  await host.lab.exec('host', 'ip', ['neighbour', 'flush', 'nud', 'permanent'])
})

test('the addresses that the host answers for are no neighbours', async () => {
  await host.ip('neighbour', 'add', 'proxy', '192.0.2.30', 'dev', 'west')
  expect((await host.socket.neighbours()).filter(({ address }) => address === '192.0.2.30')).toEqual([])
})

test('an interface that is not there has no neighbours to remove, and none can be added', async () => {
  const key = { interface: 'nobody', address: '192.0.2.9' }
  expect(await host.socket.removeNeighbour(key)).toBe(false)
  await expect(host.socket.ensureNeighbour({ ...key, lladdr })).rejects.toMatchObject({ code: 'ENODEV' })
  await expect(host.socket.neighbours({ interface: 'nobody' })).rejects.toMatchObject({ code: 'ENODEV' })
})
