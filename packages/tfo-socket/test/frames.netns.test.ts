import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, enterHost, type ReservationLab } from './reservation-lab.js'

// Everything that leaves the interface: ARP and neighbour discovery too, and not what IPv6 has to say on every link
// (groups, routers, duplicates of its own addresses).
const counters = `
  table netdev frames {
    counter sent {}
    chain egress {
      type filter hook egress device d0 priority 0
      icmpv6 type { mld-listener-report, mld2-listener-report, nd-router-solicit } accept
      ip6 saddr :: accept
      counter name sent
    }
  }`

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
  await room.lab.nft('host', counters)
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

async function framesSent(): Promise<number> {
  const list = ['-j', 'list', 'counters', 'table', 'netdev', 'frames']
  const { stdout } = await room.lab.exec('host', 'nft', list)
  const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { packets: number } }[] }
  return nftables.find((item) => item.counter !== undefined)?.counter?.packets ?? Number.NaN
}

const ports = { first: 9000, last: 9099 }
// Remotes on the link that nobody has, so that whoever sends must first ask for them.
const variants = [
  { family: 'IPv4', address: '192.0.2.1', remoteAddress: '192.0.2.77' },
  { family: 'IPv6', address: '2001:db8::1', remoteAddress: '2001:db8::77' },
]
const cases = variants.flatMap(({ family, address, remoteAddress }) => [
  { family, kind: 'tuple', options: { address, ports, remoteAddress, remotePort: 443 } },
  { family, kind: 'tuple', options: { address, ports: 9105, remoteAddress, remotePort: 443, shared: true } },
  { family, kind: 'tuple', options: { address, ports, remoteAddress, remotePort: 443, device: 'd0' } },
  { family, kind: 'repair', options: { address, ports, remoteAddress, remotePort: 443 } },
  { family, kind: 'port', options: { protocol: 'tcp', address, ports } },
  { family, kind: 'port', options: { protocol: 'udp', address, ports } },
  { family, kind: 'echo-id', options: { address, id: 77 } },
])

describe.each(cases)(
  'over $family not a frame leaves the interface for $kind $options',
  ({ kind, options }) => {
    test('when it is reserved, refused and released', async () => {
      const before = await framesSent()
      await room.host.call('fill', kind, options)
      await room.host.call('reset')
      expect(await framesSent()).toBe(before)
    })

    test('when its process is killed', async () => {
      await using other = await enterHost(room)
      const before = await framesSent()
      await other.call('fill', kind, options)
      await other.kill()
      expect(await framesSent()).toBe(before)
      await expect(room.host.call('reserve', kind, options)).resolves.toBeDefined()
    })
  },
)

test.each(variants)('over $family the first write does send: the test can see frames', async (variant) => {
  const { address, remoteAddress } = variant
  const options = { address, ports, remoteAddress, remotePort: 443 }
  const { id } = await room.host.call<{ id: number }>('reserve', 'tuple', options)
  const before = await framesSent()
  await room.host.call('write', id)
  await waitFor(async () => (await framesSent()) > before)
})
