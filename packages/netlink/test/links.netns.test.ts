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
  const ours = (await host.socket.links()).map(({ index, name, mtu, txQueueLength, address, kind, up }) => ({
    index,
    name,
    mtu,
    txQueueLength,
    address,
    kind,
    up,
  }))
  const theirs = (await host.json('link', 'show')).map((link) => ({
    index: link.ifindex,
    name: link.ifname,
    mtu: link.mtu,
    txQueueLength: link.txqlen,
    address: link.address,
    kind: link.linkinfo?.info_kind,
    up: link.flags.includes('UP'),
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
