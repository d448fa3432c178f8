import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host: west ─ east, a cable with both ends in one namespace
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
})
afterAll(() => host.close())

interface IpAddress {
  family: string
  local: string
  address?: string
  prefixlen: number
  scope: string
}

/** Without what is over while one asks twice: duplicate address detection. */
async function settled(name: string) {
  return (await host.socket.addresses({ interface: name })).map(({ tentative, ...address }) => address)
}

async function asIpShowsThem(name: string) {
  const [link] = await host.json('address', 'show', 'dev', name)
  return link.addr_info.map(({ family, local, address, prefixlen, scope }: IpAddress) => ({
    interface: name,
    index: link.ifindex,
    address: local,
    prefixLength: prefixlen,
    ...(address !== undefined && { peer: address }),
    scope,
    family: family === 'inet' ? 4 : 6,
  }))
}

test.each([
  { address: '198.51.100.10/32' },
  { address: '192.0.2.1/24' },
  { address: '203.0.113.1/32', peer: '203.0.113.2' },
  { address: '2001:db8::1/64' },
  { address: '2001:db8:1::1/128', peer: '2001:db8:1::2' },
  { address: '192.0.2.1', peer: '203.0.113.1/32' },
  { address: '192.0.2.1/24', peer: '203.0.113.1/24' },
  { address: '2001:db8:1::1', peer: '2001:db8:1::2/127' },
  { address: '127.0.0.2/32' },
])('$address (peer $peer) is added once and removed once', async (address) => {
  const options = { interface: 'west', ...address }
  expect(await host.socket.ensureAddress(options)).toBe(true)
  expect(await host.socket.ensureAddress(options)).toBe(false)
  expect(await settled('west')).toEqual(await asIpShowsThem('west'))
  expect(await host.socket.addresses({ interface: 'west' })).toContainEqual(
    expect.objectContaining({ address: address.address.split('/')[0] }),
  )
  expect(await host.socket.removeAddress(options)).toBe(true)
  expect(await host.socket.removeAddress(options)).toBe(false)
})

test('with a prefix on the peer it is the address that `ip address add` makes', async () => {
  await host.socket.ensureAddress({ interface: 'west', address: '192.0.2.1', peer: '203.0.113.1/28' })
  const ours = await host.socket.addresses({ interface: 'west', family: 4 })
  await host.socket.removeAddress({ interface: 'west', address: '192.0.2.1', peer: '203.0.113.1/28' })
  await host.ip('address', 'add', '192.0.2.1', 'peer', '203.0.113.1/28', 'dev', 'west')
  expect(ours).toEqual(await host.socket.addresses({ interface: 'west', family: 4 }))
  expect(ours).toMatchObject([{ address: '192.0.2.1', prefixLength: 28, peer: '203.0.113.1' }])

  // What is read can be given back.
  const [{ address, prefixLength, peer }] = ours as [(typeof ours)[number]]
  const again = { interface: 'west', address, peer: `${peer}/${prefixLength}` }
  expect(await host.socket.ensureAddress(again)).toBe(false)
  expect(await host.socket.removeAddress(again)).toBe(true)
})

test.each([
  { family: 'IPv6', address: '2001:db8:3::1', peer: '2001:db8:4::1/128', other: '2001:db8:4::2/128' },
  { family: 'IPv4', address: '192.0.2.5', peer: '203.0.113.33/28', other: '203.0.113.34/28' },
])('an $family address with another peer stands in the way, and is not removed for it', async (one) => {
  const there = { interface: 'west', address: one.address, peer: one.peer }
  const asked = { interface: 'west', address: one.address, peer: one.other }
  await host.socket.ensureAddress(there)
  await expect(host.socket.ensureAddress(asked)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await host.socket.removeAddress(asked)).toBe(false)
  expect(await host.socket.ensureAddress(there)).toBe(false)
  expect(await host.socket.removeAddress(there)).toBe(true)
})

test('an IPv4 address may have a peer in each of several networks', async () => {
  const one = { interface: 'west', address: '192.0.2.6', peer: '203.0.113.1/32' }
  const two = { ...one, peer: '203.0.113.2/32' }
  expect(await host.socket.ensureAddress(one)).toBe(true)
  expect(await host.socket.ensureAddress(two)).toBe(true)
  expect(await host.socket.removeAddress(one)).toBe(true)
  expect(await host.socket.addresses({ interface: 'west', family: 4 })).toMatchObject([
    { peer: '203.0.113.2' },
  ])
  expect(await host.socket.removeAddress(two)).toBe(true)
})

test('an address without a peer is not taken for one with a peer', async () => {
  const withPeer = { interface: 'west', address: '2001:db8:5::1', peer: '2001:db8:5::2/128' }
  await host.socket.ensureAddress(withPeer)
  await expect(
    host.socket.ensureAddress({ interface: 'west', address: '2001:db8:5::1/128' }),
  ).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await host.socket.removeAddress(withPeer)).toBe(true)
})

test('the list is filtered by interface and family', async () => {
  await host.socket.ensureAddress({ interface: 'east', address: '192.0.2.9/32' })
  const loopback = await host.socket.addresses({ interface: 'lo' })
  expect(loopback.map(({ address }) => address)).toEqual(['127.0.0.1', '::1'])
  const { index } = (await host.socket.link('lo'))!
  expect(await host.socket.addresses({ interface: index, family: 6 })).toMatchObject([{ address: '::1' }])
  const all = await host.socket.addresses({ family: 4 })
  expect(all.map((one) => [one.interface, one.address])).toEqual([
    ['lo', '127.0.0.1'],
    ['east', '192.0.2.9'],
  ])
})

test('an IPv6 address that is there with another prefix length is not taken for the one asked for', async () => {
  await host.socket.ensureAddress({ interface: 'west', address: '2001:db8:2::1/64' })
  await expect(
    host.socket.ensureAddress({ interface: 'west', address: '2001:db8:2::1/128' }),
  ).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await host.socket.removeAddress({ interface: 'west', address: '2001:db8:2::1/128' })).toBe(false)
})

test('an interface that is not there has no addresses to remove, and none can be added', async () => {
  const options = { interface: 'nobody', address: '192.0.2.1/32' }
  expect(await host.socket.removeAddress(options)).toBe(false)
  await expect(host.socket.ensureAddress(options)).rejects.toMatchObject({ code: 'ENODEV' })
  await expect(host.socket.addresses({ interface: 'nobody' })).rejects.toMatchObject({ code: 'ENODEV' })
})
