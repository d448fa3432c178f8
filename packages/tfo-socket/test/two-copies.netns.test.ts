import type { NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createReservationLab, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
let child: NetnsChild
beforeAll(async () => {
  room = await createReservationLab()
  child = await room.lab.enter('host', new URL('./cases/two-copies.mjs', import.meta.url))
})
afterEach(() => child.call('reset'))
afterAll(() => room?.lab.close())

const tuple = { address: '192.0.2.1', ports: 9005, remoteAddress: '192.0.2.9', remotePort: 443 }
const another = { ...tuple, ports: 9006 }

test('the package can be there twice in one thread', async () => {
  expect(await child.call('areTwo')).toBe(true)
})

test('the device of one copy does not stay in the memory that both share with the addon', async () => {
  await child.call('reserveByEach', { ...tuple, device: 'd0' }, another)
  const { stdout } = await room.lab.exec('host', 'ss', ['-Htan', 'sport', '>=', '9005'])
  expect(stdout.match(/192\.0\.2\.1\S+/g)?.sort()).toEqual(['192.0.2.1%d0:9005', '192.0.2.1:9006'])
})

test('a reservation of one copy is one to the other, to hand over and to promote', async () => {
  await child.call('reserveByEach', tuple, another)
  expect(await child.call('recordsOfTheOther')).toMatchObject([{ kind: 'tuple', port: 9006 }])
  expect(await child.call('promoteByTheOther')).toEqual({
    code: 'ECONNREFUSED',
    syscall: 'connect',
    released: true,
  })
})

test('a descriptor that one copy owns is not adopted by the other, which would close it twice', async () => {
  await child.call('reserveByEach', tuple, another)
  await expect(child.call('adoptFromTheOther')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
})
