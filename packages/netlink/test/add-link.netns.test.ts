import { open } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRouteSocket } from '../src/index.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host: west ─ east, a cable with both ends in one namespace      other: empty
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
})
afterAll(() => host.close())

test('a cable is made with both ends here, as ip shows it', async () => {
  await host.socket.addLink({
    kind: 'veth',
    name: 'one',
    address: '02:00:00:00:00:01',
    mtu: 1400,
    txQueueLength: 77,
    up: true,
    peer: { name: 'two', address: '02:00:00:00:00:02', mtu: 1300 },
  })
  await host.socket.setLink('two', { up: true })
  const [one] = await host.json('link', 'show', 'dev', 'one')
  const [two] = await host.json('link', 'show', 'dev', 'two')
  expect(one).toMatchObject({
    link: 'two',
    mtu: 1400,
    txqlen: 77,
    address: '02:00:00:00:00:01',
    operstate: 'UP',
  })
  expect(two).toMatchObject({ link: 'one', mtu: 1300, address: '02:00:00:00:00:02', operstate: 'UP' })
  expect(await host.socket.removeLink('one')).toBe(true)
  expect(await host.socket.link('two')).toBeUndefined()
})

test('the peer of a cable is made in another namespace, by path and by descriptor', async () => {
  const path = host.lab.path('other')
  const namespace = await open(path)
  const other = await openRouteSocket({ netns: namespace.fd })
  try {
    await host.socket.addLink({ kind: 'veth', name: 'here', up: true, peer: { name: 'there', netns: path } })
    await host.socket.addLink({ kind: 'veth', name: 'away', netns: namespace.fd, peer: { name: 'home' } })
    expect(await host.socket.link('here')).toMatchObject({ kind: 'veth', up: true })
    expect(await other.link('there')).toMatchObject({ kind: 'veth', up: false })
    expect(await other.link('away')).toMatchObject({ kind: 'veth' })
    expect(await host.socket.link('home')).toMatchObject({ kind: 'veth' })
    expect(await other.link('home')).toBeUndefined()
  } finally {
    await other.close()
    await namespace.close()
  }
})

test('a link becomes a port of a bridge, at once or later, and ceases to be one', async () => {
  await host.socket.addLink({ kind: 'bridge', name: 'bridge', up: true })
  const { index: master } = (await host.socket.link('bridge'))!
  await host.socket.addLink({ kind: 'veth', name: 'port', master: 'bridge', peer: { name: 'plug' } })
  expect(await host.socket.link('port')).toMatchObject({ master })
  await host.socket.setLink('port', { master: null })
  expect(await host.socket.link('port')).not.toHaveProperty('master')
  await host.socket.setLink('port', { master })
  expect((await host.json('link', 'show', 'dev', 'port'))[0]).toMatchObject({ master: 'bridge' })
})

test('a macvlan has its own address on the link below, in its mode', async () => {
  await host.socket.addLink({ kind: 'macvlan', name: 'guest', link: 'west', mode: 'bridge' })
  const [guest] = await host.json('link', 'show', 'dev', 'guest')
  expect(guest).toMatchObject({
    link: 'west',
    linkinfo: { info_kind: 'macvlan', info_data: { mode: 'bridge' } },
  })
})

test.each([
  { kind: 'dummy', name: 'made' },
  { kind: 'ifb', name: 'made' },
  { kind: 'wireguard', name: 'made' },
  { kind: 'vlan', name: 'made', link: 'west', id: 5 },
  { kind: 'ipvlan', name: 'made', link: 'west', mode: 'l2' },
] as const)(
  'a $kind is made where the kernel has it, and refused with a hint where it has not',
  async (options) => {
    const hasIt = await host.ip(...ipArguments(options)).then(
      () => true,
      () => false,
    )
    await host.socket.removeLink('made')
    if (hasIt) {
      await host.socket.addLink(options)
      expect(await host.socket.link('made')).toMatchObject({ kind: options.kind })
      await host.socket.removeLink('made')
    } else {
      await expect(host.socket.addLink(options)).rejects.toMatchObject({
        code: 'ENOTSUP',
        kernelMessage: 'Unknown device type',
        hint: expect.stringContaining(`modprobe ${options.kind}`),
      })
    }
  },
)

function ipArguments({
  kind,
  name,
  ...rest
}: {
  kind: string
  name: string
  link?: string
  id?: number
  mode?: string
}) {
  const { link, id, mode } = rest
  return [
    ...['link', 'add', ...(link === undefined ? [] : ['link', link]), 'name', name, 'type', kind],
    ...(id === undefined ? [] : ['id', String(id)]),
    ...(mode === undefined ? [] : ['mode', mode]),
  ]
}

test('a TUN device cannot be made by netlink, and the error says by what', async () => {
  await expect(host.socket.addLink({ kind: 'tun', name: 'tun0' } as never)).rejects.toMatchObject({
    code: 'ENOTSUP',
    kernelMessage: 'tun/tap creation via rtnetlink is not supported.',
    hint: expect.stringContaining('/dev/net/tun'),
  })
})

test('the kernel cannot make the far end of a cable up, so it cannot be asked for', async () => {
  const peer = { name: 'far', up: true }
  await expect(host.socket.addLink({ kind: 'veth', name: 'near', peer } as never)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

test('a link that cannot be made says why', async () => {
  await expect(host.socket.addLink({ kind: 'bridge', name: 'west' })).rejects.toMatchObject({
    code: 'EEXIST',
    operation: 'RTM_NEWLINK west type bridge',
  })
  const peerTaken = { kind: 'veth', name: 'fresh', peer: { name: 'east' } } as const
  await expect(host.socket.addLink(peerTaken)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await host.socket.link('fresh')).toBeUndefined()
  const nowhere = { kind: 'bridge', name: 'fresh', netns: '/nowhere' } as const
  await expect(host.socket.addLink(nowhere)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' })
  const below = { kind: 'macvlan', name: 'fresh', link: 'nobody' } as const
  await expect(host.socket.addLink(below)).rejects.toMatchObject({ code: 'ENODEV' })
})
