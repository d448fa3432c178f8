import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, families, type ReservationLab } from './reservation-lab.js'

interface Held {
  id: number
  port: number
}

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const held = { code: 'EADDRNOTAVAIL', syscall: 'connect', full: false }
const full = { code: 'EADDRNOTAVAIL', syscall: 'connect', full: true }
const slice = { first: 9000, last: 9009 }
const wholeSlice = Array.from({ length: 10 }, (_, i) => 9000 + i)

describe.each(families)(
  'a tuple over $family',
  ({ address, second, missing, origin, far, farther, wildcard }) => {
    const toFar = { address, remoteAddress: far, remotePort: 443 }
    const toFarther = { address, remoteAddress: farther, remotePort: 443 }

    test('says what it holds', async () => {
      const reservation = await room.host.call('reserve', 'tuple', { ...toFar, ports: slice })
      expect(reservation).toMatchObject({ kind: 'tuple', protocol: 'tcp', released: false, ...toFar })
      expect(wholeSlice).toContain((reservation as Held).port)
    })

    test('is picked by the kernel inside the slice, until every port has been given exactly once', async () => {
      expect(await room.host.call('fill', 'tuple', { ...toFar, ports: slice })).toEqual({
        ports: wholeSlice,
        refusal: full,
      })
    })

    test('leaves the ports of a full slice to other remotes, and to other ports of the same remote', async () => {
      await room.host.call('fill', 'tuple', { ...toFar, ports: slice })
      await expect(room.host.call('reserve', 'tuple', { ...toFarther, ports: slice })).resolves.toBeDefined()
      await expect(
        room.host.call('reserve', 'tuple', { ...toFar, remotePort: 80, ports: slice }),
      ).resolves.toBeDefined()
    })

    test('can be named, and a named one that is held is refused without calling the slice full', async () => {
      expect(await room.host.call('reserve', 'tuple', { ...toFar, ports: 9005 })).toMatchObject({
        port: 9005,
      })
      await expect(room.host.call('reserve', 'tuple', { ...toFar, ports: 9005 })).rejects.toMatchObject(held)
    })

    test('is exclusive between processes', async () => {
      await room.host.call('reserve', 'tuple', { ...toFar, ports: 9005 })
      await expect(room.rival.call('reserve', 'tuple', { ...toFar, ports: 9005 })).rejects.toMatchObject(held)
    })

    test('named and picked mix: picking skips the named port for that remote only', async () => {
      await room.host.call('reserve', 'tuple', { ...toFar, ports: 9005 })
      expect(await room.rival.call('fill', 'tuple', { ...toFar, ports: slice })).toEqual({
        ports: wholeSlice.filter((port) => port !== 9005),
        refusal: full,
      })
      expect(await room.rival.call('fill', 'tuple', { ...toFarther, ports: slice })).toMatchObject({
        ports: wholeSlice,
      })
    })

    test('named and picked mix: a picked port may be named for another remote', async () => {
      const { port } = await room.host.call<Held>('reserve', 'tuple', { ...toFar, ports: slice })
      await expect(room.host.call('reserve', 'tuple', { ...toFar, ports: port })).rejects.toMatchObject(held)
      expect(await room.host.call('reserve', 'tuple', { ...toFarther, ports: port })).toMatchObject({ port })
    })

    test('keeps an explicit bind of another process off its port', async () => {
      await room.host.call('reserve', 'tuple', { ...toFar, ports: 9005 })
      // Servers of node:net set SO_REUSEADDR; a port reservation does not.
      await expect(room.rival.call('listen', address, 9005)).rejects.toMatchObject({ code: 'EADDRINUSE' })
      await expect(room.rival.call('listen', wildcard, 9005)).rejects.toMatchObject({ code: 'EADDRINUSE' })
      await expect(
        room.rival.call('reserve', 'port', { protocol: 'tcp', address, ports: 9005 }),
      ).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', full: false })
    })

    test('is never given on a port that a socket has bound explicitly, whatever its address', async () => {
      await room.rival.call('listen', address, 9003)
      await room.rival.call('listen', second, 9004)
      await room.rival.call('listen', wildcard, 9005)
      expect(await room.host.call('fill', 'tuple', { ...toFar, ports: slice })).toEqual({
        ports: wholeSlice.filter((port) => port < 9003 || port > 9005),
        refusal: full,
      })
    })

    test('is never one that a connected socket holds', async () => {
      await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9000 9003')
      await room.origin.call('listen', origin, 443)
      const target = { host: origin, port: 443 }
      const connected = [
        await room.rival.call<number>('connect', target),
        await room.rival.call<number>('connect', target),
      ]
      const { ports } = await room.host.call<{ ports: number[] }>('fill', 'tuple', {
        address,
        ports: { first: 9000, last: 9003 },
        remoteAddress: origin,
        remotePort: 443,
      })
      expect([...ports, ...connected].sort()).toEqual([9000, 9001, 9002, 9003])
    })

    test('is never what an ordinary connect picks, nor what it may name', async () => {
      await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9000 9003')
      await room.origin.call('listen', origin, 443)
      const target = { host: origin, port: 443 }
      for (const ports of [9000, 9001, 9003]) {
        await room.host.call('reserve', 'tuple', { address, ports, remoteAddress: origin, remotePort: 443 })
      }
      await expect(
        room.rival.call('connect', { ...target, localAddress: address, localPort: 9003 }),
      ).rejects.toMatchObject({ code: 'EADDRINUSE' })
      expect(await room.rival.call('connect', target)).toBe(9002)
      await expect(room.rival.call('connect', target)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
    })

    test('is free again as soon as it is released', async () => {
      const { id } = await room.host.call<Held>('reserve', 'tuple', { ...toFar, ports: 9005 })
      await room.host.call('release', id)
      await expect(room.rival.call('reserve', 'tuple', { ...toFar, ports: 9005 })).resolves.toBeDefined()
      await room.rival.call('reset')
      await expect(room.rival.call('listen', address, 9005)).resolves.toBeUndefined()
    })

    test('on an address that the host does not have is refused by bind, not by connect', async () => {
      await expect(
        room.host.call('reserve', 'tuple', { ...toFar, address: missing, ports: slice }),
      ).rejects.toMatchObject({
        code: 'EADDRNOTAVAIL',
        syscall: 'bind',
        full: false,
        hint: expect.any(String),
      })
    })

    test('to a remote without a route is refused', async () => {
      await room.lab.ip('host', 'route', 'add', 'unreachable', far)
      await expect(room.host.call('reserve', 'tuple', { ...toFar, ports: slice })).rejects.toMatchObject({
        code: 'EHOSTUNREACH',
        syscall: 'connect',
        hint: expect.any(String),
      })
      await room.lab.ip('host', 'route', 'del', 'unreachable', far)
    })

    test('can be bound to a device, which must exist', async () => {
      await expect(
        room.host.call('reserve', 'tuple', { ...toFar, ports: slice, device: 'd0' }),
      ).resolves.toBeDefined()
      await expect(
        room.host.call('reserve', 'tuple', { ...toFar, ports: slice, device: 'd9' }),
      ).rejects.toMatchObject({
        code: 'ENODEV',
        syscall: 'setsockopt(SO_BINDTODEVICE)',
        hint: expect.any(String),
      })
    })

    test.each([wildcard, 'host.example', '', '192.0.2.300', '::ffff:192.0.2.1'])(
      'is not taken from the address "%s", which is the mistake of the caller',
      async (wrong) => {
        const invalid = { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' }
        const local = { ...toFar, ports: slice, address: wrong }
        const remote = { ...toFar, ports: slice, remoteAddress: wrong }
        await expect(room.host.call('reserve', 'tuple', local)).rejects.toMatchObject(invalid)
        await expect(room.host.call('reserve', 'tuple', remote)).rejects.toMatchObject(invalid)
      },
    )
  },
)

test('a tuple between two families is the mistake of the caller', async () => {
  const mixed = { address: '192.0.2.1', ports: slice, remoteAddress: '2001:db8:7::7', remotePort: 443 }
  await expect(room.host.call('reserve', 'tuple', mixed)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

test('a tuple needs Fast Open for clients, and says which sysctl', async () => {
  await room.lab.sysctl('host', 'net.ipv4.tcp_fastopen', '0')
  const options = { address: '192.0.2.1', ports: slice, remoteAddress: '198.51.100.7', remotePort: 443 }
  await expect(room.host.call('reserve', 'tuple', options)).rejects.toMatchObject({
    syscall: 'setsockopt(TCP_FASTOPEN_CONNECT)',
    hint: expect.stringContaining('net.ipv4.tcp_fastopen'),
  })
})
