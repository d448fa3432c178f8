import { afterAll, beforeAll, expect, test } from 'vitest'
import { isNetlinkError, type RouteOptions } from '../src/index.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host: west (192.0.2.1/24, 2001:db8::1/64) ─ east, a cable with both ends in one namespace
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
  await host.ip('address', 'add', '192.0.2.1/24', 'dev', 'west')
  await host.ip('address', 'add', '2001:db8::1/64', 'dev', 'west', 'nodad')
})
afterAll(() => host.close())

const COUNT = 100_000

function network(family: 4 | 6, i: number): string {
  const [high, low] = [i >> 8, i & 255]
  return family === 4
    ? `10.${high >> 8}.${high & 255}.${low}/32`
    : `2001:db8:${high.toString(16)}:${low.toString(16)}::/64`
}

test.each([4, 6] as const)(
  '100,000 IPv%d routes are added, found there, and removed in one call each',
  async (family) => {
    const gateway = family === 4 ? '192.0.2.2' : '2001:db8::2'
    const table = 600 + family
    const routes = Array.from({ length: COUNT }, (_, i) => ({
      destination: network(family, i + 256),
      gateway,
      table,
    }))
    expect((await host.socket.ensureRoutes(routes)).every((outcome) => outcome === true)).toBe(true)
    const there = await host.socket.routes({ table })
    expect(there.length).toBe(COUNT)
    expect(new Set(there.map(({ destination }) => destination)).size).toBe(COUNT)
    const some = routes.slice(0, 10_000)
    expect((await host.socket.ensureRoutes(some)).every((outcome) => outcome === false)).toBe(true)
    expect((await host.socket.removeRoutes(routes)).every((outcome) => outcome === true)).toBe(true)
    expect(await host.socket.routes({ table })).toEqual([])
    expect((await host.socket.removeRoutes(some)).every((outcome) => outcome === false)).toBe(true)
  },
  60_000,
)

test('each of many routes has its own outcome, whatever its neighbours in the datagram', async () => {
  const table = 610
  await host.socket.ensureRoute({ destination: network(4, 0), table, gateway: '192.0.2.2' })
  await host.socket.ensureRoute({ destination: network(4, 1), table, gateway: '192.0.2.3' })
  const kinds = [
    { gateway: '192.0.2.2' },
    { gateway: '198.18.0.1' },
    { interface: 'nobody' },
    { gateway: '2001:db8::2', interface: 'west' },
  ]
  const routes: RouteOptions[] = Array.from({ length: 2000 }, (_, i) => ({
    destination: network(4, i),
    table,
    ...kinds[i < 2 ? 0 : i % kinds.length],
  }))
  const outcomes = await host.socket.ensureRoutes(routes)
  const codes = outcomes.map((outcome) => (isNetlinkError(outcome) ? outcome.code : outcome))
  expect(codes.slice(0, 6)).toEqual([false, 'EEXIST', 'ENODEV', true, true, 'ENETUNREACH'])
  for (const [i, code] of codes.entries()) {
    if (i >= 2) expect(code).toBe([true, 'ENETUNREACH', 'ENODEV', true][i % 4])
  }
  expect(outcomes[5]).toMatchObject({
    operation: 'RTM_NEWROUTE 10.0.0.5/32 table 610',
    kernelMessage: 'Nexthop has invalid gateway',
  })
  const removed = await host.socket.removeRoutes(routes)
  expect(removed).toEqual(codes.map((code, i) => i === 0 || code === true))
  expect(await host.socket.routes({ table })).toMatchObject([{ gateway: '192.0.2.3' }])
})

test('of many routes a wrong one is refused by its place, and nothing is sent', async () => {
  const routes = [
    { destination: '10.0.0.0/8', table: 611 },
    { destination: '10.0.0.1/8', table: 611 },
  ]
  await expect(host.socket.ensureRoutes(routes)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringMatching(/^routes\[1\]: destination/),
  })
  expect(await host.socket.routes({ table: 611 })).toEqual([])
  await expect(host.socket.ensureRoutes(7 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
})

test('many routes of both families with metrics and several ways are made and removed as single ones', async () => {
  const nextHops = {
    4: [{ gateway: '192.0.2.2', weight: 3 }, { gateway: '192.0.2.3' }],
    6: [{ gateway: '2001:db8::2' }, { gateway: '2001:db8::3' }],
  }
  const routes: RouteOptions[] = ([4, 6] as const).flatMap((family) => [
    { destination: network(family, 1), table: 612, nextHops: nextHops[family] },
    { destination: network(family, 2), table: 612, interface: 'west', mtu: 1300, initcwnd: 20 },
    { destination: network(family, 3), table: 612, type: 'unreachable' },
  ])
  expect(await host.socket.ensureRoutes(routes)).toEqual(routes.map(() => true))
  expect(await host.socket.ensureRoutes(routes)).toEqual(routes.map(() => false))
  for (const route of routes) expect(await host.socket.ensureRoute(route)).toBe(false)
  const others = routes.map((route) => (route.mtu === undefined ? route : { ...route, mtu: 1400 }))
  expect(await host.socket.removeRoutes(others)).toEqual(routes.map((route) => route.mtu === undefined))
  expect(await host.socket.removeRoutes(routes)).toEqual(routes.map((route) => route.mtu !== undefined))
  expect(await host.socket.routes({ table: 612 })).toEqual([])
})

test('routes that never end leave the event loop to others, so that an abort ends them', async () => {
  function* endless(): Generator<RouteOptions> {
    for (;;) yield { destination: '10.0.0.0/8', interface: 'west', table: 613 }
  }
  const abort = new AbortController()
  setImmediate(() => abort.abort(new Error('enough')))
  await expect(host.socket.ensureRoutes(endless(), { signal: abort.signal })).rejects.toThrow('enough')
  expect(await host.socket.routes({ table: 613 })).toEqual([])
})

test('an aborted call stops between datagrams', async () => {
  const aborted = host.socket.ensureRoutes([{ destination: '10.0.0.0/8', interface: 'west', table: 613 }], {
    signal: AbortSignal.abort(new Error('enough')),
  })
  await expect(aborted).rejects.toThrow('enough')
  expect(await host.socket.routes({ table: 613 })).toEqual([])
})
