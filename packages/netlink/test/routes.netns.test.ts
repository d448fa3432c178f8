import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Route, RouteOptions } from '../src/index.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host: west (192.0.2.1/24, 2001:db8::1/64) ─ east, a cable with both ends in one namespace
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
  await host.ip('address', 'add', '192.0.2.1/24', 'dev', 'west')
  await host.ip('address', 'add', '2001:db8::1/64', 'dev', 'west', 'nodad')
})
afterAll(() => host.close())

interface IpRoute {
  type: string
  dst: string
  gateway?: string
  via?: { host: string }
  dev?: string
  table: string
  protocol: string
  scope: string
  metric?: number
  prefsrc?: string
}

const tables: Record<string, number> = { main: 254, local: 255, default: 253 }

function asIpShowsIt(route: Route): IpRoute {
  const { destination, gateway, preferredSource, metric, table, protocol, scope, type } = route
  return {
    type: String(type),
    dst: destination.replace(/\/(32|128)$/, ''),
    table: String(table),
    protocol: String(protocol),
    scope: String(scope),
    ...(gateway !== undefined && { gateway }),
    ...(route.interface !== undefined && { dev: route.interface }),
    ...(metric !== undefined && { metric }),
    ...(preferredSource !== undefined && { prefsrc: preferredSource }),
  }
}

async function shown(family: '-4' | '-6'): Promise<IpRoute[]> {
  const routes: IpRoute[] = await host.json(family, 'route', 'show', 'table', 'all')
  return routes.map(({ type, dst, gateway, via, dev, table, protocol, scope, metric, prefsrc }) => ({
    type,
    dst,
    table: String(tables[table] ?? table),
    protocol,
    scope,
    ...((gateway ?? via) !== undefined && { gateway: gateway ?? via!.host }),
    ...(dev !== undefined && { dev }),
    ...(metric && { metric }),
    ...(prefsrc !== undefined && { prefsrc }),
  }))
}

const routes: RouteOptions[] = [
  { destination: '203.0.113.0/24', gateway: '192.0.2.2' },
  { destination: '203.0.113.0/24', gateway: '192.0.2.2', metric: 7, preferredSource: '192.0.2.1' },
  { destination: 'default', table: 100, interface: 'west' },
  { destination: 'default', table: 1000, interface: 'west', family: 6 },
  { destination: '198.51.100.64/26', type: 'unreachable', metric: 4278198272 },
  { destination: '198.51.100.128/26', type: 'blackhole', table: 100 },
  { destination: '198.51.100.192/26', type: 'prohibit' },
  { destination: '198.51.100.10/32', type: 'local', interface: 'lo' },
  { destination: '203.0.113.128/25', gateway: '2001:db8::2', interface: 'west' },
  { destination: '203.0.113.192/26', interface: 'west', protocol: 'bird', scope: 'link' },
  { destination: '2001:db8:1::/48', gateway: '2001:db8::2', metric: 7 },
  { destination: '2001:db8:2::/48', type: 'unreachable', table: 100 },
  { destination: '2001:db8:3::9/128', type: 'local', interface: 'lo' },
  { destination: '2001:db8:4::/64', interface: 'west', protocol: 77 },
]

test.each(routes)('%o is added once, shown as ip shows it, and removed once', async (options) => {
  const before = await host.socket.routes()
  expect(await host.socket.ensureRoute(options)).toBe(true)
  expect(await host.socket.ensureRoute(options)).toBe(false)
  const after = await host.socket.routes()
  expect(after.length).toBe(before.length + 1)
  expect(after.map(asIpShowsIt)).toEqual([...(await shown('-4')), ...(await shown('-6'))])
  expect(await host.socket.removeRoute(options)).toBe(true)
  expect(await host.socket.routes()).toEqual(before)
  expect(await host.socket.removeRoute(options)).toBe(false)
})

test.each([
  { destination: '203.0.113.0/24', interface: 'west' },
  { destination: '2001:db8:1::/48', interface: 'west' },
])('the metrics of $destination are those that ip shows, and are compared', async (way) => {
  const metrics = {
    ...{ mtu: 1300, advmss: 1240, window: 65_000, rttMs: 120, rttvarMs: 30, ssthresh: 40, cwnd: 50 },
    ...{ reordering: 5, hoplimit: 33, initcwnd: 20, initrwnd: 30, rtoMinMs: 100, quickack: true },
  }
  const route = { ...way, table: 320, ...metrics }
  expect(await host.socket.ensureRoute(route)).toBe(true)
  expect(await host.socket.ensureRoute(route)).toBe(false)
  expect(await host.socket.routes({ table: 320 })).toMatchObject([metrics])
  const family = way.destination.includes(':') ? '-6' : '-4'
  const [shownAs] = await host.json(family, 'route', 'show', 'table', '320')
  expect(shownAs.metrics).toMatchObject([
    {
      ...{ mtu: 1300, advmss: 1240, window: 65_000, rtt: 120, rttvar: 30, ssthresh: 40, cwnd: 50 },
      ...{ reordering: 5, hoplimit: 33, initcwnd: 20, initrwnd: 30, rto_min: 100, quickack: 1 },
    },
  ])
  await expect(host.socket.ensureRoute({ ...route, mtu: 1400 })).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await host.socket.removeRoute({ ...route, initcwnd: 21 })).toBe(false)
  expect(await host.socket.removeRoute(route)).toBe(true)
})

test.each([
  { destination: '203.0.113.0/24', gateways: ['192.0.2.2', '192.0.2.3', '192.0.2.4'] },
  { destination: '2001:db8:1::/48', gateways: ['2001:db8::2', '2001:db8::3', '2001:db8::4'] },
])('$destination goes over several ways, and no way more or less is taken for it', async (one) => {
  const [a, b, c] = one.gateways.map((gateway) => ({ gateway })) as [object, object, object]
  const route = { destination: one.destination, table: 321 }
  const nextHops = [
    { ...a, weight: 3 },
    { ...b, interface: 'west' },
  ]
  expect(await host.socket.ensureRoute({ ...route, nextHops })).toBe(true)
  expect(await host.socket.ensureRoute({ ...route, nextHops })).toBe(false)
  expect(await host.socket.routes({ table: 321 })).toMatchObject([
    {
      nextHops: [
        { ...a, weight: 3 },
        { ...b, interface: 'west', weight: 1 },
      ],
    },
  ])
  for (const others of [[a, b], [...nextHops, c], [nextHops[0]!]]) {
    const other = host.socket.ensureRoute({ ...route, nextHops: others })
    await expect(other).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await host.socket.removeRoute({ ...route, nextHops: others })).toBe(false)
  }
  expect(await host.socket.removeRoute({ ...route, nextHops })).toBe(true)
  expect(await host.socket.routes({ table: 321 })).toEqual([])
})

test('an IPv6 route is removed by its source, although the kernel does not compare it', async () => {
  await host.ip('address', 'add', '2001:db8::5/128', 'dev', 'west', 'nodad')
  const route = {
    destination: '2001:db8:1::/48',
    table: 322,
    interface: 'west',
    preferredSource: '2001:db8::1',
  }
  await host.socket.ensureRoute(route)
  expect(await host.socket.removeRoute({ ...route, preferredSource: '2001:db8::5' })).toBe(false)
  expect(await host.socket.removeRoute(route)).toBe(true)
})

test('a route for one type of service is another one than that for any', async () => {
  const any = { destination: '203.0.113.0/24', table: 323, interface: 'west' }
  const some = { ...any, interface: 'east', typeOfService: 0x10 }
  expect(await host.socket.ensureRoute(any)).toBe(true)
  expect(await host.socket.ensureRoute(some)).toBe(true)
  expect(await host.socket.removeRoute({ ...any, interface: 'east' })).toBe(false)
  expect(await host.socket.removeRoute(any)).toBe(true)
  expect(await host.socket.routes({ table: 323 })).toMatchObject([{ interface: 'east', typeOfService: 0x10 }])
})

test('the list is filtered by interface, protocol and type', async () => {
  const table = 324
  for (const [family, network] of [
    [4, '203.0.113.0/24'],
    [6, '2001:db8:1::/48'],
  ] as const) {
    const destination = 'default'
    await host.socket.ensureRoute({ destination, family, table, interface: 'east', metric: 1 })
    await host.socket.ensureRoute({ destination: network, table, interface: 'west', protocol: 'bird' })
    await host.socket.ensureRoute({ destination: network, table, type: 'prohibit', metric: 4096 })
  }
  const found = async (filter: object) =>
    (await host.socket.routes({ table, ...filter })).map((route) => `${route.family} ${route.destination}`)
  expect(await found({ interface: 'east' })).toEqual(['4 default', '6 default'])
  const networks = ['4 203.0.113.0/24', '6 2001:db8:1::/48']
  expect(await found({ interface: 'west' })).toEqual(networks)
  expect(await found({ protocol: 'bird' })).toEqual(networks)
  expect(await found({ type: 'prohibit' })).toEqual(networks)
  expect(await found({ type: 'prohibit', protocol: 'bird' })).toEqual([])
})

test('the list is filtered by table and family, and a table nobody uses is empty', async () => {
  await host.socket.ensureRoute({ destination: 'default', table: 300, interface: 'west' })
  await host.socket.ensureRoute({ destination: 'default', table: 300, interface: 'west', family: 6 })
  expect((await host.socket.routes({ table: 300 })).map(({ family }) => family)).toEqual([4, 6])
  expect(await host.socket.routes({ table: 300, family: 6 })).toMatchObject([{ table: 300, metric: 1024 }])
  expect(await host.socket.routes({ table: 4242 })).toEqual([])
})

test('a route that goes another way is not taken for the one asked for', async () => {
  const here = { destination: '203.0.113.0/24', table: 301, gateway: '192.0.2.2' }
  await host.socket.ensureRoute(here)
  const elsewhere = host.socket.ensureRoute({ ...here, gateway: '192.0.2.3' })
  await expect(elsewhere).rejects.toMatchObject({ code: 'EEXIST', hint: expect.any(String) })
  expect(await host.socket.removeRoute({ ...here, gateway: '192.0.2.3' })).toBe(false)
  expect(await host.socket.ensureRoute({ ...here, gateway: '192.0.2.3', metric: 9 })).toBe(true)
})

test('an IPv6 route is removed by its type, although the kernel does not compare it', async () => {
  const way = { destination: 'default', family: 6, table: 302, interface: 'west' } as const
  const none = { destination: 'default', family: 6, table: 302, type: 'unreachable', metric: 4096 } as const
  await host.socket.ensureRoute(way)
  await host.socket.ensureRoute(none)
  expect(
    await host.socket.removeRoute({ destination: 'default', family: 6, table: 302, type: 'unreachable' }),
  ).toBe(true)
  expect(await host.socket.routes({ table: 302 })).toMatchObject([{ type: 'unicast', interface: 'west' }])
})

test('a refused route says why', async () => {
  const unreachable = host.socket.ensureRoute({ destination: '203.0.113.0/24', gateway: '198.18.0.1' })
  await expect(unreachable).rejects.toMatchObject({
    code: 'ENETUNREACH',
    kernelMessage: 'Nexthop has invalid gateway',
    hint: expect.any(String),
  })
  const missing = { destination: '203.0.113.0/24', interface: 'nobody' }
  await expect(host.socket.ensureRoute(missing)).rejects.toMatchObject({ code: 'ENODEV' })
  expect(await host.socket.removeRoute(missing)).toBe(false)
  await host.ip('link', 'add', 'down0', 'type', 'veth', 'peer', 'name', 'down1')
  const down = host.socket.ensureRoute({ destination: '203.0.113.0/24', interface: 'down0' })
  await expect(down).rejects.toMatchObject({ code: 'ENETDOWN', hint: expect.any(String) })
})

test('an address resolves to the way that ip route get shows', async () => {
  await host.ip('route', 'add', '198.18.0.0/15', 'via', '192.0.2.2', 'mtu', '1300')
  await host.ip('route', 'add', '2001:db8:9::/48', 'via', '2001:db8::2')
  for (const address of ['198.18.0.9', '192.0.2.7', '2001:db8:9::9', '2001:db8::7', '127.0.0.1']) {
    const [theirs] = await host.json('route', 'get', address)
    const ours = (await host.socket.resolveRoute(address))!
    expect([ours.interface, ours.gateway, ours.preferredSource]).toEqual([
      theirs.dev,
      theirs.gateway,
      theirs.prefsrc,
    ])
    expect(ours.destination.split('/')[0]).toBe(address)
  }
  expect(await host.socket.resolveRoute('198.18.0.9')).toMatchObject({ mtu: 1300, table: 254 })
})

test.each(['unreachable', 'prohibit', 'blackhole'] as const)(
  'where the route is %s, nothing resolves',
  async (type) => {
    const refused = [
      { destination: '198.51.100.0/24', type },
      { destination: '2001:db8:a::/48', type },
    ]
    for (const route of refused) await host.socket.ensureRoute(route)
    expect(await host.socket.resolveRoute('198.51.100.1')).toBeUndefined()
    expect(await host.socket.resolveRoute('2001:db8:a::1')).toBeUndefined()
    for (const route of refused) await host.socket.removeRoute(route)
  },
)

test('without any route nothing resolves', async () => {
  expect(await host.socket.resolveRoute('198.51.100.1')).toBeUndefined()
  expect(await host.socket.resolveRoute('2001:db8:ffff::1')).toBeUndefined()
})

test('a route over several ways lists them', async () => {
  const ways = ['nexthop', 'via', '192.0.2.2', 'weight', '3', 'nexthop', 'via', '192.0.2.3']
  await host.ip('route', 'add', '203.0.113.0/24', 'table', '303', ...ways)
  expect(await host.socket.routes({ table: 303 })).toMatchObject([
    {
      nextHops: [
        { interface: 'west', gateway: '192.0.2.2', weight: 3 },
        { interface: 'west', gateway: '192.0.2.3', weight: 1 },
      ],
    },
  ])
})
