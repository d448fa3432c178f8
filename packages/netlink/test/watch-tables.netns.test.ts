import { execFileSync } from 'node:child_process'
import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type Address,
  NETLINK_ROUTE,
  type Neighbour,
  NLM_F_CREATE,
  openNetlink,
  type Route,
  type Rule,
  type WatchListener,
  watchAddresses,
  watchNeighbours,
  watchRoutes,
  watchRules,
} from '../src/index.js'
import { RTM_DELRULE, RTM_NEWRULE } from '../src/route/constants.js'
import { encodeRule, parseRuleOptions } from '../src/route/rule/rule.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host (watched): west (192.0.2.1/24, 2001:db8::1/64) ─ east, a cable with both ends in one namespace
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
  await host.lab.sysctl('host', 'net.ipv6.conf.all.accept_dad', '0')
  await host.ip('address', 'add', '192.0.2.1/24', 'dev', 'west')
  await host.ip('address', 'add', '2001:db8::1/64', 'dev', 'west', 'nodad')
})
afterAll(() => host.close())

const watches: AsyncDisposable[] = []
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch[Symbol.asyncDispose]()
})

function kept<W extends AsyncDisposable>(watch: W): W {
  watches.push(watch)
  return watch
}

/** What is told of entries, one line each; a line is undefined for those that the test is not about. */
class Told<Entry> implements WatchListener<Entry> {
  readonly lines: string[] = []
  readonly losses: string[] = []
  readonly #line: (entry: Entry) => string | undefined

  constructor(line: (entry: Entry) => string | undefined) {
    this.#line = line
  }

  added(entry: Entry): void {
    this.#tell('+', entry)
  }

  changed(entry: Entry): void {
    this.#tell('~', entry)
  }

  removed(entry: Entry): void {
    this.#tell('-', entry)
  }

  lost({ code }: { code: string }): void {
    this.losses.push(code)
  }

  #tell(sign: string, entry: Entry): void {
    const line = this.#line(entry)
    if (line !== undefined) this.lines.push(`${sign}${line}`)
  }
}

const toldAddresses = () =>
  new Told((one: Address) => (one.scope === 'link' ? undefined : `${one.interface} ${one.address}`))
const toldRoutes = (table: number) =>
  new Told((one: Route) =>
    one.table === table
      ? `${one.destination} ${one.interface ?? one.nextHops?.length ?? one.type}`
      : undefined,
  )

function batch(lines: readonly string[]): void {
  // Synchronously, so that nobody reads meanwhile.
  execFileSync('ip', ['-n', host.lab.name('host'), '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

function sorted<T>(entries: Iterable<T>): string[] {
  return Array.from(entries, (entry) => JSON.stringify(entry)).sort()
}

test('watches begin with what is there', async () => {
  await host.socket.ensureNeighbour({ interface: 'west', address: '192.0.2.7', lladdr: '02:00:00:00:00:07' })
  const permanent = (one: Neighbour) => one.state === 'permanent'
  const addresses = kept(await watchAddresses({}))
  expect(addresses.addresses.map(({ interface: name }) => name)).not.toContain('west')
  const here = { netns: host.path }
  expect(sorted(kept(await watchAddresses({}, here)).addresses)).toEqual(
    sorted(await host.socket.addresses()),
  )
  expect(sorted(kept(await watchRoutes({}, here)).routes)).toEqual(sorted(await host.socket.routes()))
  expect(kept(await watchRules({}, here)).rules).toEqual(await host.socket.rules())
  expect(kept(await watchNeighbours({}, here)).neighbours.filter(permanent)).toEqual(
    await host.socket.neighbours({ state: 'permanent' }),
  )
})

test('addresses are told as they come and go, with the name that their interface has', async () => {
  const told = toldAddresses()
  const watch = kept(await watchAddresses(told, { netns: host.path }))
  await host.socket.addLink({ kind: 'veth', name: 'life', up: true, peer: { name: 'peer' } })
  await host.socket.ensureAddress({ interface: 'life', address: '198.51.100.1/24' })
  await host.socket.ensureAddress({ interface: 'life', address: '2001:db8:1::1/64' })
  await waitFor(() => told.lines.length === 2)
  await host.socket.setLink('life', { name: 'afterlife' })
  await waitFor(() => told.lines.length === 4)
  await host.socket.removeAddress({ interface: 'afterlife', address: '198.51.100.1/24' })
  await host.socket.removeLink('afterlife')
  await waitFor(() => told.lines.length === 6)
  expect(told.lines.slice(0, 2)).toEqual(['+life 198.51.100.1', '+life 2001:db8:1::1'])
  expect(told.lines.slice(2, 4).sort()).toEqual(['~afterlife 198.51.100.1', '~afterlife 2001:db8:1::1'])
  expect(told.lines.slice(4)).toEqual(['-afterlife 198.51.100.1', '-afterlife 2001:db8:1::1'])
  expect(sorted(watch.addresses)).toEqual(sorted(await host.socket.addresses()))
})

test('only the family asked for is watched', async () => {
  const told = toldAddresses()
  kept(await watchAddresses(told, { netns: host.path, family: 6 }))
  await host.socket.ensureAddress({ interface: 'west', address: '198.51.100.5/32' })
  await host.socket.ensureAddress({ interface: 'west', address: '2001:db8:5::1/128' })
  await waitFor(() => told.lines.length > 0)
  expect(told.lines).toEqual(['+west 2001:db8:5::1'])
})

test('routes of one table are told as they come and go; a replaced one as gone and new', async () => {
  const told = toldRoutes(500)
  const watch = kept(await watchRoutes(told, { netns: host.path, table: 500 }))
  await host.socket.ensureRoute({ destination: '203.0.113.0/24', interface: 'west' })
  for (const destination of ['203.0.113.0/24', '2001:db8:9::/48']) {
    const before = told.lines.length
    const route = { destination, table: 500, interface: 'west' }
    await host.socket.ensureRoute(route)
    await waitFor(() => told.lines.length === before + 1)
    await host
      .ip('route', 'change', destination, 'dev', 'east', 'table', '500')
      .catch(() => host.ip('route', 'replace', destination, 'dev', 'east', 'table', '500'))
    await waitFor(() => told.lines.length === before + 3)
    await host.socket.removeRoute({ ...route, interface: 'east' })
    await waitFor(() => told.lines.length === before + 4)
    expect(told.lines.slice(before)).toEqual([
      `+${destination} west`,
      `-${destination} west`,
      `+${destination} east`,
      `-${destination} east`,
    ])
  }
  expect(watch.routes).toEqual([])
})

test('IPv4 routes that vanish with their interface are told, although the kernel says nothing of them', async () => {
  await host.socket.addLink({ kind: 'veth', name: 'gone', up: true, peer: { name: 'peer' } })
  const told = toldRoutes(501)
  const watch = kept(await watchRoutes(told, { netns: host.path }))
  await host.socket.ensureRoute({ destination: '203.0.113.0/24', table: 501, interface: 'gone' })
  await host.socket.ensureRoute({ destination: '2001:db8:9::/48', table: 501, interface: 'gone' })
  await waitFor(() => told.lines.length === 2)
  await host.socket.setLink('gone', { up: false })
  await waitFor(() => told.lines.length === 4)
  expect(told.lines.slice(2).sort()).toEqual(['-2001:db8:9::/48 gone', '-203.0.113.0/24 gone'])
  expect(sorted(watch.routes)).toEqual(sorted(await host.socket.routes()))
  await host.socket.removeLink('gone')
})

test('IPv4 routes that vanish with the address they prefer are told, although the kernel says nothing of them', async () => {
  await host.socket.ensureAddress({ interface: 'west', address: '198.51.100.77/32' })
  const told = toldRoutes(254)
  kept(await watchRoutes(told, { netns: host.path }))
  const preferredSource = '198.51.100.77'
  await host.socket.ensureRoute({ destination: 'default', interface: 'west', preferredSource })
  await waitFor(() => told.lines.length === 1)
  await host.socket.removeAddress({ interface: 'west', address: '198.51.100.77/32' })
  await waitFor(() => told.lines.length === 2)
  expect(told.lines).toEqual(['+default west', '-default west'])
})

test('routes that vanish with their next hop object are told, although the kernel says nothing of them', async () => {
  const told = toldRoutes(503)
  kept(await watchRoutes(told, { netns: host.path }))
  await host.ip('nexthop', 'add', 'id', '7', 'via', '192.0.2.2', 'dev', 'west')
  await host.ip('route', 'add', '203.0.113.0/24', 'nhid', '7', 'table', '503')
  await waitFor(() => told.lines.length === 1)
  await host.ip('nexthop', 'del', 'id', '7')
  await waitFor(() => told.lines.length === 2)
  expect(told.lines).toEqual(['+203.0.113.0/24 west', '-203.0.113.0/24 west'])
})

test('ways that are added to and taken from an IPv6 route one by one leave the state right', async () => {
  const told = toldRoutes(504)
  const watch = kept(await watchRoutes(told, { netns: host.path, table: 504 }))
  const is = async () =>
    sorted(watch.routes).join() === sorted(await host.socket.routes({ table: 504 })).join()
  const route = ['2001:db8:9::/48', 'table', '504', 'metric', '10', 'via']
  await host.ip('route', 'add', ...route, '2001:db8::2')
  await host.ip('route', 'append', ...route, '2001:db8::3')
  await waitFor(() => watch.routes[0]?.nextHops?.length === 2)
  await host.ip('route', 'append', ...route, '2001:db8::4')
  await waitFor(() => watch.routes[0]?.nextHops?.length === 3)
  await host.ip('route', 'del', ...route, '2001:db8::3')
  await waitFor(() => watch.routes[0]?.nextHops?.length === 2)
  await host.ip('route', 'del', ...route, '2001:db8::2')
  await waitFor(() => watch.routes[0]?.gateway === '2001:db8::4')
  expect(watch.routes.length).toBe(1)
  expect(await is()).toBe(true)
})

test('rules are told as they come and go, and one that is there twice is gone with the second', async () => {
  const told = new Told((one: Rule) => `${one.family} ${one.priority}`)
  const watch = kept(await watchRules(told, { netns: host.path }))
  await host.socket.ensureRule({ priority: 10, table: 100, mark: 42 })
  await host.socket.ensureRule({ priority: 11, table: 100, inputInterface: 'nobody', family: 6 })
  // Without NLM_F_EXCL the kernel takes the same rule again.
  const payload = encodeRule(parseRuleOptions({ priority: 12, table: 100 }), 4)
  const connection = kept(await openNetlink({ protocol: NETLINK_ROUTE, netns: host.path }))
  for (let i = 0; i < 2; i++) await connection.request({ type: RTM_NEWRULE, flags: NLM_F_CREATE, payload })
  expect((await host.json('rule', 'show', 'priority', '12')).length).toBe(2)
  await waitFor(() => told.lines.includes('+4 12'))
  await connection.request({ type: RTM_DELRULE, payload })
  await host.socket.ensureRule({ priority: 14, table: 100 })
  await waitFor(() => told.lines.includes('+4 14'))
  expect(told.lines).not.toContain('-4 12')
  await host.socket.removeRule({ priority: 10, table: 100, mark: 42 })
  await connection.request({ type: RTM_DELRULE, payload })
  await host.socket.ensureRule({ priority: 13, table: 100 })
  await waitFor(() => told.lines.includes('+4 13') && told.lines.includes('-4 12'))
  await waitFor(async () => sorted(watch.rules).join() === sorted(await host.socket.rules()).join())
  expect(told.lines).toEqual(expect.arrayContaining(['+4 10', '+6 11', '+4 12', '-4 10', '-4 12', '+4 13']))
  expect(watch.rules).toEqual(await host.socket.rules())
})

test('neighbours are told as they come, change and go', async () => {
  const told = new Told((one: Neighbour) =>
    one.address.endsWith('9') ? `${one.interface} ${one.address} ${one.state} ${one.lladdr}` : undefined,
  )
  kept(await watchNeighbours(told, { netns: host.path }))
  for (const address of ['192.0.2.9', '2001:db8::9']) {
    const before = told.lines.length
    const [key, lladdr] = [{ interface: 'west', address }, '02:00:00:00:00:09']
    await host.socket.ensureNeighbour({ ...key, lladdr, state: 'reachable' })
    await host.socket.ensureNeighbour({ ...key, lladdr })
    await host.socket.removeNeighbour(key)
    await waitFor(() => told.lines.some((line) => line.startsWith(`-west ${address}`)))
    expect(told.lines.slice(before, before + 2)).toEqual([
      `+west ${address} reachable ${lladdr}`,
      `~west ${address} permanent ${lladdr}`,
    ])
  }
})

test('after an overflow all is read anew, and what was missed is told', async () => {
  const options = { netns: host.path, receiveBufferBytes: 4096 }
  const [addresses, routes] = [toldAddresses(), toldRoutes(505)]
  await host.socket.ensureRoute({ destination: '203.0.113.0/24', table: 505, interface: 'west' })
  const watchedAddresses = kept(await watchAddresses(addresses, options))
  const watchedRoutes = kept(await watchRoutes(routes, options))
  batch([
    ...Array.from({ length: 300 }, (_, i) => `address add 10.0.${i >> 8}.${i & 255}/32 dev east`),
    ...Array.from({ length: 300 }, (_, i) => `route add 10.1.${i >> 8}.${i & 255}/32 dev west table 505`),
    'address del 10.0.0.7/32 dev east',
    'route del 203.0.113.0/24 table 505',
  ])
  await waitFor(() => routes.lines.length === 301 && addresses.lines.length >= 299)
  await waitFor(() => watchedAddresses.addresses.filter((one) => one.interface === 'east').length >= 299)
  expect(addresses.losses).toContain('ENOBUFS')
  expect(routes.losses).toContain('ENOBUFS')
  expect(routes.lines).toContain('-203.0.113.0/24 west')
  expect(sorted(watchedAddresses.addresses)).toEqual(sorted(await host.socket.addresses()))
  expect(sorted(watchedRoutes.routes)).toEqual(sorted(await host.socket.routes()))
})

test.each([watchAddresses, watchNeighbours, watchRoutes, watchRules])(
  '%o refuses wrong arguments',
  async (watch) => {
    await expect(watch(undefined as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    const unknown = watch({}, { familiy: 4 } as never)
    await expect(unknown).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    await expect(watch({}, { family: 5 as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  },
)
