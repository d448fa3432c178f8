import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, enterHost, families, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const tuple = { address: '192.0.2.1', ports: 9005, remoteAddress: '198.51.100.7', remotePort: 443 }
const port = { protocol: 'udp', address: '192.0.2.1', ports: 9005 }
const echoId = { address: '192.0.2.1', id: 77 }
const kinds = [
  { kind: 'tuple', options: tuple },
  { kind: 'port', options: port },
  { kind: 'echo-id', options: echoId },
]

test('a user without capabilities reserves everything, except with a mark', async () => {
  await using other = await enterHost(room)
  await room.lab.sysctl('host', 'net.ipv4.ping_group_range', '0 65534')
  // Loads the addon, which may lie where nobody can read it.
  await other.call('portRangeOf')
  await other.call('reserveAndRelease', 'tuple', tuple, 1)
  await other.call('becomeNobody')
  for (const { kind, options } of kinds) {
    await expect(other.call('reserve', kind, { ...options, mark: 42 })).rejects.toMatchObject({
      code: 'EPERM',
      syscall: 'setsockopt(SO_MARK)',
      hint: expect.stringContaining('CAP_NET_ADMIN'),
    })
    await expect(other.call('reserve', kind, options)).resolves.toBeDefined()
  }
})

describe.each(families)('over $family a mark', ({ address, origin }) => {
  const marks = `
    table inet marks
    delete table inet marks
    table inet marks {
      counter found {}
      chain prerouting {
        type filter hook prerouting priority 0
        socket mark 42 counter name found
      }
    }`

  async function found(): Promise<number> {
    const { stdout } = await room.lab.exec('host', 'nft', [
      '-j',
      'list',
      'counters',
      'table',
      'inet',
      'marks',
    ])
    const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { packets: number } }[] }
    return nftables.find((item) => item.counter !== undefined)?.counter?.packets ?? Number.NaN
  }

  test('of a UDP port is what nft finds for every packet to it', async () => {
    await room.lab.nft('host', marks)
    await room.host.call('reserve', 'port', { protocol: 'udp', address, ports: 9005, mark: 42 })
    await room.origin.call('sendDatagrams', address, 9005, 5)
    await waitFor(async () => (await found()) === 5)
  })

  test('of a tuple is what nft finds for packets from its remote, and for no others', async () => {
    await room.lab.nft('host', marks)
    const toOrigin = { address, ports: 9005, remoteAddress: origin, remotePort: 443 }
    await room.host.call('reserve', 'tuple', { ...toOrigin, mark: 42 })
    await expect(room.origin.call('connect', { host: address, port: 9005 })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
    expect(await found()).toBe(0)
    await room.origin.call('knock', { host: address, port: 9005, localAddress: origin, localPort: 443 })
    await waitFor(async () => (await found()) > 0)
  })
})
