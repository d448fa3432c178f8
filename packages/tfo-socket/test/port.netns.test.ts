import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, families, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const held = { code: 'EADDRINUSE', syscall: 'bind', full: false }
const full = { code: 'EADDRINUSE', syscall: 'bind', full: true }
const slice = { first: 9000, last: 9009 }
const wholeSlice = Array.from({ length: 10 }, (_, i) => 9000 + i)

const kinds = families.flatMap((family) => [
  { ...family, protocol: 'tcp' as const },
  { ...family, protocol: 'udp' as const },
])

describe.each(kinds)(
  'a $protocol port over $family',
  ({ protocol, address, second, missing, wildcard, far }) => {
    test('says what it holds', async () => {
      const reservation = await room.host.call('reserve', 'port', { protocol, address, ports: 9005 })
      expect(reservation).toMatchObject({ kind: 'port', protocol, address, port: 9005, released: false })
      expect(reservation).toMatchObject({ remoteAddress: undefined, remotePort: undefined })
    })

    test('is picked by the kernel inside the slice, until every port has been given exactly once', async () => {
      expect(await room.host.call('fill', 'port', { protocol, address, ports: slice })).toEqual({
        ports: wholeSlice,
        refusal: full,
      })
    })

    test('that is named and held is refused without calling the slice full', async () => {
      await room.host.call('reserve', 'port', { protocol, address, ports: 9005 })
      await expect(
        room.rival.call('reserve', 'port', { protocol, address, ports: 9005 }),
      ).rejects.toMatchObject(held)
    })

    test('is held on its own address only, unless the address is a wildcard', async () => {
      await room.host.call('reserve', 'port', { protocol, address, ports: 9005 })
      await expect(
        room.rival.call('reserve', 'port', { protocol, address: second, ports: 9005 }),
      ).resolves.toBeDefined()
      await room.host.call('reserve', 'port', { protocol, address: wildcard, ports: 9006 })
      await expect(
        room.rival.call('reserve', 'port', { protocol, address: second, ports: 9006 }),
      ).rejects.toMatchObject(held)
    })

    test('of one family leaves the other alone, on the wildcard too', async () => {
      await room.host.call('reserve', 'port', { protocol, address: '::', ports: 9005 })
      await expect(
        room.host.call('reserve', 'port', { protocol, address: '0.0.0.0', ports: 9005 }),
      ).resolves.toBeDefined()
    })

    test('is free again as soon as it is released', async () => {
      const { id } = await room.host.call<{ id: number }>('reserve', 'port', {
        protocol,
        address,
        ports: 9005,
      })
      await room.host.call('release', id)
      await expect(
        room.rival.call('reserve', 'port', { protocol, address, ports: 9005 }),
      ).resolves.toBeDefined()
    })

    test('on an address that the host does not have is refused', async () => {
      await expect(
        room.host.call('reserve', 'port', { protocol, address: missing, ports: slice }),
      ).rejects.toMatchObject({
        code: 'EADDRNOTAVAIL',
        syscall: 'bind',
        full: false,
        hint: expect.any(String),
      })
    })

    test('of the other protocol is another port', async () => {
      const other = protocol === 'tcp' ? 'udp' : 'tcp'
      await room.host.call('reserve', 'port', { protocol, address, ports: 9005 })
      await expect(
        room.host.call('reserve', 'port', { protocol: other, address, ports: 9005 }),
      ).resolves.toBeDefined()
    })

    if (protocol === 'tcp') {
      test('keeps a server off it, SO_REUSEADDR or not', async () => {
        await room.host.call('reserve', 'port', { protocol, address, ports: 9005 })
        await expect(room.rival.call('listen', address, 9005)).rejects.toMatchObject({ code: 'EADDRINUSE' })
      })

      test('is never given as part of a tuple, on another address neither', async () => {
        await room.host.call('reserve', 'port', { protocol, address, ports: 9005 })
        const refused = { code: 'EADDRNOTAVAIL', syscall: 'connect' }
        const tuple = { address, ports: 9005, remoteAddress: far, remotePort: 443 }
        await expect(room.host.call('reserve', 'tuple', tuple)).rejects.toMatchObject(refused)
        await expect(room.host.call('reserve', 'tuple', { ...tuple, address: second })).rejects.toMatchObject(
          refused,
        )
      })
    } else {
      test('keeps other sockets off it, SO_REUSEADDR or not', async () => {
        await room.host.call('reserve', 'port', { protocol, address, ports: 9005 })
        const inUse = { code: 'EADDRINUSE' }
        await expect(room.rival.call('bindUdp', address, 9005, false)).rejects.toMatchObject(inUse)
        await expect(room.rival.call('bindUdp', address, 9005, true)).rejects.toMatchObject(inUse)
        await expect(room.rival.call('bindUdp', wildcard, 9005, true)).rejects.toMatchObject(inUse)
      })

      test.each([false, true])(
        'keeps nothing of what strangers send to it, and answers nothing (shared: %s)',
        async (shared) => {
          await room.host.call('reserve', 'port', { protocol, address, ports: 9005, shared })
          await room.origin.call('sendDatagrams', address, 9005, 300)
          await waitFor(async () => (await room.host.call<{ drops: number }>('udpQueue', 9005)).drops === 300)
          expect(await room.host.call('udpQueue', 9005)).toEqual({ receivedBytes: 0, drops: 300 })
          expect(await room.host.call('kernelCounter', 'Icmp', 'OutDestUnreachs')).toBe(0)
        },
      )
    }
  },
)
