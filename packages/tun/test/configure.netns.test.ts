//   namespace a: devices whose interface is set up by this process from outside
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTun } from '../src/index.js'
import { createTunLab } from './tun-lab.js'

let lab: Lab
let netns: string

beforeAll(async () => {
  lab = await createTunLab()
  await lab.sysctl('a', 'net.ipv6.conf.default.disable_ipv6', '0')
  netns = lab.path('a')
})
afterAll(() => lab?.close())

async function inspect(name: string) {
  const [link] = JSON.parse(await lab.ip('a', '-json', 'address', 'show', 'dev', name))
  const { mtu, txqlen, flags, addr_info: info } = link
  const addresses = info.map(
    ({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`,
  )
  return { mtu, txqlen, up: flags.includes('UP'), addresses }
}

test('everything is set when openTun resolves, and no link-local address is made', async () => {
  const addresses = ['192.0.2.1/24', '198.51.100.10/32', '2001:db8::1/64']
  await using device = await openTun({
    netns,
    configure: { mtu: 1400, txQueueLength: 2000, up: true, addresses, addressGeneration: 'none' },
  })
  expect(await inspect(device.name)).toEqual({ mtu: 1400, txqlen: 2000, up: true, addresses })
})

test('without configure nothing is touched', async () => {
  await using device = await openTun({ netns, configure: false })
  expect(await inspect(device.name)).toEqual({ mtu: 1500, txqlen: 500, up: false, addresses: [] })
})

test('configure() changes what it is given and leaves the rest', async () => {
  await using device = await openTun({ netns, configure: { mtu: 1400, addresses: ['192.0.2.1/24'] } })
  await device.configure({ addresses: ['192.0.2.1/24', '192.0.2.9/24'], addressGeneration: 'none', up: true })
  expect(await inspect(device.name)).toEqual({
    mtu: 1400,
    txqlen: 500,
    up: true,
    addresses: ['192.0.2.1/24', '192.0.2.9/24'],
  })
})

test('a setting that fails takes those before it back, and opening leaves no device', async () => {
  await using device = await openTun({ netns, name: 'undo', persist: true })
  await device.configure({ addresses: ['2001:db8::1/64'] })
  // IPv6 knows an address once per interface: another prefix length is refused.
  const configure = { mtu: 1400, txQueueLength: 9, addresses: ['192.0.2.1/24', '2001:db8::1/48'], up: true }
  const refused = { name: 'TunError', code: 'EEXIST', device: 'undo', cause: expect.any(Error) }
  await expect(device.configure(configure)).rejects.toMatchObject(refused)
  const before = { mtu: 1500, txqlen: 500, up: false, addresses: ['2001:db8::1/64'] }
  expect(await inspect('undo')).toEqual(before)

  await device.close()
  await expect(openTun({ netns, name: 'undo', exclusive: false, configure })).rejects.toMatchObject(refused)
  expect(await inspect('undo')).toEqual(before)
  await using _last = await openTun({ netns, name: 'undo', exclusive: false, persist: false })

  const twice = { addresses: ['2001:db8::1/64', '2001:db8::1/48'] }
  await expect(openTun({ netns, name: 'fresh', persist: true, configure: twice })).rejects.toMatchObject({
    code: 'EEXIST',
  })
  await using fresh = await openTun({ netns, name: 'fresh' })
  expect(fresh.name).toBe('fresh')
})

test('configuring a device that was deleted is ENODEV', async () => {
  await using device = await openTun({ netns })
  await lab.ip('a', 'link', 'delete', device.name)
  await expect(device.configure({ mtu: 1400 })).rejects.toMatchObject({ code: 'ENODEV', device: device.name })
})
