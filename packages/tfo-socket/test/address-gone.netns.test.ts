import { type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, enterWatching, type ReservationLab } from './reservation-lab.js'

interface Held {
  id: number
}

let room: ReservationLab
let watcher: NetnsChild
beforeAll(async () => {
  room = await createReservationLab()
  watcher = await enterWatching(room)
})
afterEach(() => Promise.all([room.reset(), watcher.call('reset'), watcher.call('takeLosses')]))
afterAll(() => room?.lab.close())

// x0 ─ y0, both in the host; the tests take the addresses, or x0, away.
const variants = [
  { family: 'IPv4', address: '203.0.113.1', prefix: '24', far: '203.0.113.9', flags: [] },
  { family: 'IPv6', address: '2001:db8:c::1', prefix: '64', far: '2001:db8:c::9', flags: ['nodad'] },
]

describe.each(variants)('over $family', ({ address, prefix, far, flags }) => {
  const tuple = { address, ports: 9005, remoteAddress: far, remotePort: 443 }
  const kinds = [
    { title: 'a tuple', kind: 'tuple', options: tuple },
    { title: 'a tuple with a device', kind: 'tuple', options: { ...tuple, ports: 9006, device: 'x0' } },
    { title: 'a repair reservation', kind: 'repair', options: { ...tuple, ports: 9007 } },
    { title: 'a TCP port', kind: 'port', options: { protocol: 'tcp', address, ports: 9008 } },
    { title: 'a UDP port', kind: 'port', options: { protocol: 'udp', address, ports: 9009 } },
    { title: 'an echo id', kind: 'echo-id', options: { address, id: 77 } },
  ]

  const addAddress = () =>
    room.lab.ip('host', 'address', 'replace', `${address}/${prefix}`, 'dev', 'x0', ...flags)

  async function addInterface(): Promise<void> {
    await room.lab.ip('host', 'link', 'add', 'x0', 'type', 'veth', 'peer', 'name', 'y0')
    for (const device of ['x0', 'y0']) await room.lab.ip('host', 'link', 'set', device, 'up')
    await waitFor(async () => {
      const [link] = JSON.parse(await room.lab.ip('host', '-json', 'link', 'show', 'x0'))
      return link.operstate === 'UP'
    })
    await addAddress()
  }

  const deleteInterface = () => room.lab.ip('host', 'link', 'del', 'x0')

  async function reserveWatched(kind: string, options: object): Promise<void> {
    const { id } = await watcher.call<Held>('reserve', kind, options)
    await watcher.call('watch', id)
  }

  /** The rival gets none of it, whatever the reason. */
  async function refused(kind: string, options: object): Promise<{ code: string; syscall: string }> {
    return room.rival.call('reserve', kind, options).then(
      () => {
        throw new Error('the rival has got it')
      },
      ({ code, syscall }) => ({ code, syscall }),
    )
  }

  describe.each(kinds)('$title', ({ kind, options }) => {
    test('is still held when its address comes back', async () => {
      await addInterface()
      await reserveWatched(kind, options)
      const whileHeld = await refused(kind, options)

      await room.lab.ip('host', 'address', 'del', `${address}/${prefix}`, 'dev', 'x0')
      expect(await refused(kind, options)).toEqual({ code: 'EADDRNOTAVAIL', syscall: 'bind' })

      await addAddress()
      expect(await refused(kind, options)).toEqual(whileHeld)
      expect(await watcher.call('takeLosses')).toEqual([])
      await watcher.call('reset')
      await expect(room.rival.call('reserve', kind, options)).resolves.toBeDefined()
      await deleteInterface()
    })

    test('is held while its interface is down, and after it has come up', async () => {
      await addInterface()
      await reserveWatched(kind, options)
      const whileHeld = await refused(kind, options)
      await room.lab.ip('host', 'link', 'set', 'x0', 'down')
      await refused(kind, options)
      await room.lab.ip('host', 'link', 'set', 'x0', 'up')
      // IPv6 gives its addresses up on the way down.
      await addAddress()
      await waitFor(async () => (await refused(kind, options)).code === whileHeld.code)
      expect(await watcher.call('takeLosses')).toEqual([])
      await deleteInterface()
    })

    test('outlives its interface, is not told lost, and can be released', async () => {
      await addInterface()
      await reserveWatched(kind, options)
      await deleteInterface()
      await refused(kind, options)
      expect(await watcher.call('takeLosses')).toEqual([])
      await watcher.call('reset')
    })
  })

  test('after the interface has been made anew, a tuple without a device holds and one with it does not', async () => {
    await addInterface()
    await reserveWatched('tuple', tuple)
    await reserveWatched('tuple', { ...tuple, ports: 9006, device: 'x0' })
    await deleteInterface()
    await addInterface()
    expect(await refused('tuple', tuple)).toEqual({ code: 'EADDRNOTAVAIL', syscall: 'connect' })
    // The kernel keeps the number of the interface, which the new one of the same name does not have.
    const rival = room.rival.call('reserve', 'tuple', { ...tuple, ports: 9006, device: 'x0' })
    await expect(rival).resolves.toBeDefined()
    await deleteInterface()
  })
})
