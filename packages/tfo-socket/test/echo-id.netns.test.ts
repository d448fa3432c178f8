import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, families, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const held = { code: 'EADDRINUSE', syscall: 'bind', full: false }

describe.each(families)('an echo id over $family', ({ address, missing }) => {
  test('says what it holds', async () => {
    expect(await room.host.call('reserve', 'echo-id', { address, id: 77 })).toMatchObject({
      kind: 'echo-id',
      protocol: 'icmp',
      address,
      port: 77,
      released: false,
    })
  })

  test('is exclusive, although ping sockets share ids by default', async () => {
    await room.host.call('reserve', 'echo-id', { address, id: 77 })
    await expect(room.rival.call('reserve', 'echo-id', { address, id: 77 })).rejects.toMatchObject(held)
    await expect(room.rival.call('reserve', 'echo-id', { address, id: 78 })).resolves.toBeDefined()
  })

  test('is held on every address of both families', async () => {
    await room.host.call('reserve', 'echo-id', { address, id: 77 })
    for (const other of ['192.0.2.2', '192.0.2.1', '2001:db8::1', '0.0.0.0', '::']) {
      await expect(room.rival.call('reserve', 'echo-id', { address: other, id: 77 })).rejects.toMatchObject(
        held,
      )
    }
  })

  test('is free again as soon as it is released', async () => {
    const { id } = await room.host.call<{ id: number }>('reserve', 'echo-id', { address, id: 77 })
    await room.host.call('release', id)
    await expect(room.rival.call('reserve', 'echo-id', { address, id: 77 })).resolves.toBeDefined()
  })

  test('on an address that the host does not have is refused', async () => {
    await expect(room.host.call('reserve', 'echo-id', { address: missing, id: 77 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      syscall: 'bind',
      hint: expect.any(String),
    })
  })

  test('is refused outside ping_group_range, and the hint names it', async () => {
    await room.lab.sysctl('host', 'net.ipv4.ping_group_range', '1 0')
    await expect(room.host.call('reserve', 'echo-id', { address, id: 77 })).rejects.toMatchObject({
      code: 'EACCES',
      syscall: 'socket',
      hint: expect.stringContaining('net.ipv4.ping_group_range'),
    })
  })
})
