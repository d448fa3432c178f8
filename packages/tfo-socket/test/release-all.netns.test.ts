import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, type ReservationLab } from './reservation-lab.js'

interface Held {
  id: number
}

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const tuple = {
  address: '192.0.2.1',
  ports: { first: 9000, last: 9999 },
  remoteAddress: '198.51.100.7',
  remotePort: 443,
}

describe('releasing thousands', () => {
  test('frees them all, and other work of the process has its turn in between', async () => {
    const before = await room.host.call('openDescriptors')
    await room.host.call('fill', 'tuple', tuple)
    await room.host.call('fill', 'tuple', { ...tuple, remotePort: 80 })
    const { turns } = await room.host.call<{ turns: number }>('releaseAllReservations')
    expect(turns).toBeGreaterThan(0)
    expect(await room.host.call('openDescriptors')).toBe(before)
    expect(await room.rival.call('fill', 'tuple', tuple)).toMatchObject({ ports: { length: 1000 } })
  })

  test('skips what was released, and takes any iterable once', async () => {
    const { id } = await room.host.call<Held>('reserve', 'tuple', tuple)
    await room.host.call('reserve', 'tuple', tuple)
    await room.host.call('release', id)
    await room.host.call('releaseAllReservations')
    await room.host.call('releaseAllReservations')
  })

  test('releases the rest although somebody else closed some of the descriptors, and tells of each', async () => {
    const before = await room.host.call('openDescriptors')
    const ids: number[] = []
    for (let i = 0; i < 5; i += 1) ids.push((await room.host.call<Held>('reserve', 'tuple', tuple)).id)
    await room.host.call('closeBehindItsBack', ids[0])
    await room.host.call('closeBehindItsBack', ids[3])
    const failure = { name: 'AggregateError', errorCodes: ['EBADF', 'EBADF'] }
    await expect(room.host.call('releaseAllReservations')).rejects.toMatchObject(failure)
    expect(await room.host.call('openDescriptors')).toBe(before)
    expect(await room.rival.call('fill', 'tuple', tuple)).toMatchObject({ ports: { length: 1000 } })
  })

  test.each([undefined, 7, {}])('refuses %j, which is no iterable', async (wrong) => {
    await expect(room.host.call('releaseThese', wrong)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    })
  })
})
