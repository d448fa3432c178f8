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
  { address: '127.0.0.2/32' },
])('$address (peer $peer) is added once and removed once', async (address) => {
  const options = { interface: 'west', ...address }
  expect(await host.socket.ensureAddress(options)).toBe(true)
  expect(await host.socket.ensureAddress(options)).toBe(false)
  expect(await host.socket.addresses({ interface: 'west' })).toEqual(await asIpShowsThem('west'))
  expect(await host.socket.addresses({ interface: 'west' })).toContainEqual(
    expect.objectContaining({ address: address.address.split('/')[0] }),
  )
  expect(await host.socket.removeAddress(options)).toBe(true)
  expect(await host.socket.removeAddress(options)).toBe(false)
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
