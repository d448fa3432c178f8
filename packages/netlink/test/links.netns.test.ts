import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRouteSocket } from '../src/index.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host: west ─ east, a cable with both ends in one namespace      other: empty
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
})
afterAll(() => host.close())

test('links are those of ip link', async () => {
  await host.ip('link', 'set', 'east', 'group', '42')
  const ours = (await host.socket.links()).map(
    ({ index, name, mtu, txQueueLength, address, kind, up, operationalState, group }) => ({
      index,
      name,
      mtu,
      txQueueLength,
      address,
      kind,
      up,
      operationalState,
      group: group === 0 ? 'default' : String(group),
    }),
  )
  const theirs = (await host.json('link', 'show')).map((link) => ({
    index: link.ifindex,
    name: link.ifname,
    mtu: link.mtu,
    txQueueLength: link.txqlen,
    address: link.address,
    kind: link.linkinfo?.info_kind,
    up: link.flags.includes('UP'),
    operationalState: link.operstate.toLowerCase(),
    group: link.group,
  }))
  expect(ours).toEqual(theirs)
})

test('a link is found by name and by index, and undefined if it is not there', async () => {
  const west = await host.socket.link('west')
  expect(west).toMatchObject({ name: 'west', kind: 'veth', up: true, running: true, carrier: true })
  expect(await host.socket.link(west!.index)).toEqual(west)
  expect(await host.socket.link('nobody')).toBeUndefined()
  expect(await host.socket.link(4242)).toBeUndefined()
})

test('a TUN device is described as ip describes it', async () => {
  await host.ip('tuntap', 'add', 'mode', 'tun', 'name', 'tun-a', 'user', '1000', 'group', '1001', 'vnet_hdr')
  await host.ip('tuntap', 'add', 'mode', 'tap', 'name', 'tap-b', 'multi_queue', 'pi')
  expect((await host.socket.link('tun-a'))?.tun).toEqual({
    mode: 'tun',
    owner: 1000,
    group: 1001,
    packetInformation: false,
    virtioHeader: true,
    persist: true,
    multiQueue: false,
  })
  expect(await host.socket.link('tap-b')).toMatchObject({
    kind: 'tun',
    tun: {
      mode: 'tap',
      packetInformation: true,
      virtioHeader: false,
      multiQueue: true,
      queues: 0,
      disabledQueues: 0,
    },
  })
  expect(await host.socket.link('west')).not.toHaveProperty('tun')
  await host.socket.removeLink('tun-a')
  await host.socket.removeLink('tap-b')
})

test('counters are read when asked for, and are those of ip', async () => {
  expect(await host.socket.link('lo')).not.toHaveProperty('statistics')
  await host.socket.ensureAddress({ interface: 'west', address: '192.0.2.1/24' })
  const before = (await host.socket.link('west', { statistics: true }))!.statistics!
  await host.lab.exec('host', 'python3', [
    '-c',
    "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(1, 6, 1); s.sendto(b'x' * 100, ('192.0.2.255', 9))",
  ])
  const { statistics } = (await host.socket.link('west', { statistics: true }))!
  expect(statistics!.txBytes - before.txBytes).toBeGreaterThanOrEqual(142n)
  expect(statistics!.txPackets - before.txPackets).toBeGreaterThanOrEqual(1n)
  const links = await host.socket.links({ statistics: true })
  const east = links.find(({ name }) => name === 'east')
  const [theirs] = await host.json('-statistics', 'link', 'show', 'dev', 'east')
  expect(east!.statistics).toMatchObject({
    rxPackets: BigInt(theirs.stats64.rx.packets),
    rxBytes: BigInt(theirs.stats64.rx.bytes),
    rxErrors: BigInt(theirs.stats64.rx.errors),
    rxDropped: BigInt(theirs.stats64.rx.dropped),
  })
})

// Linux 6.2 allows it.
test('a link that is renamed while it is up keeps its addresses and routes; rules go by the old name', async () => {
  await host.ip('tuntap', 'add', 'mode', 'tun', 'name', 'before')
  await host.socket.setLink('before', { up: true })
  await host.socket.ensureAddress({ interface: 'before', address: '198.51.100.1/24' })
  await host.socket.ensureAddress({ interface: 'before', address: '2001:db8::1/64' })
  await host.socket.ensureRoute({ destination: '203.0.113.0/24', interface: 'before' })
  await host.socket.ensureRule({ priority: 10, inputInterface: 'before', table: 100 })
  const { index } = (await host.socket.link('before'))!

  await host.socket.setLink('before', { name: 'after' })
  expect(await host.socket.link('after')).toMatchObject({ index, up: true })
  const addresses = await host.socket.addresses({ interface: 'after' })
  expect(addresses.map(({ address }) => address)).toEqual(
    expect.arrayContaining(['198.51.100.1', '2001:db8::1']),
  )
  const routes = await host.socket.routes({ table: 254, family: 4 })
  expect(routes.filter((route) => route.interface === 'after').map(({ destination }) => destination)).toEqual(
    expect.arrayContaining(['198.51.100.0/24', '203.0.113.0/24']),
  )
  const rules = await host.json('rule', 'show', 'priority', '10')
  expect(rules).toMatchObject([{ iif: 'before', iif_detached: null }])
})

test('everything is set in one request', async () => {
  await host.ip('link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two')
  await host.socket.setLink('one', {
    name: 'uno',
    up: true,
    mtu: 1400,
    txQueueLength: 77,
    addressGeneration: 'none',
  })
  expect(await host.socket.link('one')).toBeUndefined()
  const [uno] = await host.json('link', 'show', 'dev', 'uno')
  expect(uno).toMatchObject({ mtu: 1400, txqlen: 77, inet6_addr_gen_mode: 'none' })
  expect(uno.flags).toContain('UP')
  expect(await host.socket.addresses({ interface: 'uno', family: 6 })).toEqual([])

  await host.socket.setLink('uno', { up: false, addressGeneration: 'eui64' })
  const [changed] = await host.json('link', 'show', 'dev', 'uno')
  expect(changed).toMatchObject({ mtu: 1400, inet6_addr_gen_mode: 'eui64' })
  expect(changed.flags).not.toContain('UP')
})

test('a link moves to another namespace under a new name', async () => {
  await host.ip('link', 'add', 'mover', 'type', 'veth', 'peer', 'name', 'stayer')
  await host.socket.setLink('mover', { netns: host.lab.path('other'), name: 'moved', up: true })
  expect(await host.socket.link('mover')).toBeUndefined()
  const other = await openRouteSocket({ netns: host.lab.path('other') })
  try {
    expect(await other.link('moved')).toMatchObject({ name: 'moved', up: true })
  } finally {
    await other.close()
  }
})

test('a removal says whether there was anything to remove', async () => {
  await host.ip('link', 'add', 'doomed', 'type', 'veth', 'peer', 'name', 'doomed2')
  expect(await host.socket.removeLink('doomed')).toBe(true)
  expect(await host.socket.removeLink('doomed')).toBe(false)
  expect(await host.socket.removeLink(4242)).toBe(false)
})

test('a change the kernel refuses says why', async () => {
  await expect(host.socket.setLink('nobody', { up: true })).rejects.toMatchObject({
    code: 'ENODEV',
    operation: 'RTM_NEWLINK nobody',
    hint: expect.any(String),
  })
  await expect(host.socket.setLink('west', { mtu: 10 })).rejects.toMatchObject({
    code: 'EINVAL',
    kernelMessage: 'mtu less than device minimum',
  })
  await expect(host.socket.setLink('west', { name: 'east' })).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(host.socket.setLink('west', { netns: '/nowhere' })).rejects.toMatchObject({
    code: 'ENOENT',
    syscall: 'open',
  })
  await expect(host.socket.removeLink('lo')).rejects.toMatchObject({ code: 'ENOTSUP' })
})
