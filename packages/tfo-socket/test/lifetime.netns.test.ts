import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, enterHost, type ReservationLab } from './reservation-lab.js'

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
  { kind: 'repair', options: tuple },
  { kind: 'port', options: port },
  { kind: 'echo-id', options: echoId },
]

describe.each(kinds)('a reservation of kind $kind', ({ kind, options }) => {
  test('can be released twice', async () => {
    const { id, fd } = await room.host.call<{ id: number; fd: number }>('reserve', kind, options)
    expect(fd).toBeGreaterThan(2)
    expect(await room.host.call('release', id, 2)).toEqual({ fd: -1, released: true })
  })

  test('gives records that can be changed without changing it', async () => {
    const { id, port } = await room.host.call<{ id: number; port: number }>('reserve', kind, options)
    expect(await room.host.call('changeRecords', id)).toMatchObject({ kind, port })
  })

  test('leaves no descriptor behind in 5,000 rounds', async () => {
    await room.host.call('reserveAndRelease', kind, options, 1)
    const before = await room.host.call('openDescriptors')
    await room.host.call('reserveAndRelease', kind, options, 5_000)
    expect(await room.host.call('openDescriptors')).toBe(before)
  })

  test('leaves no descriptor behind when it is refused', async () => {
    await room.host.call('reserve', kind, options)
    const before = await room.host.call('openDescriptors')
    expect(await room.host.call('refusedTimes', kind, options, 1_000)).toBe(1_000)
    expect(await room.host.call('openDescriptors')).toBe(before)
  })

  test('says so if somebody else closed its descriptor, and only once', async () => {
    const { id } = await room.host.call<{ id: number }>('reserve', kind, options)
    await room.host.call('closeBehindItsBack', id)
    await expect(room.host.call('release', id)).rejects.toMatchObject({ code: 'EBADF', syscall: 'close' })
    expect(await room.host.call('release', id)).toEqual({ fd: -1, released: true })
  })

  test('ends with its process', async () => {
    await using other = await enterHost(room)
    await other.call('reserve', kind, options)
    await expect(room.host.call('reserve', kind, options)).rejects.toMatchObject({
      syscall: expect.any(String),
    })
    await other.kill()
    await expect(room.host.call('reserve', kind, options)).resolves.toBeDefined()
  })
})

test('a worker can reserve and release', async () => {
  const refused = { code: 'EADDRNOTAVAIL', syscall: 'connect' }
  expect(await room.host.call('reserveInWorker', tuple)).toBe(9005)
  await expect(room.host.call('reserve', 'tuple', tuple)).rejects.toMatchObject(refused)
  await room.host.call('releaseInWorker')
  await expect(room.host.call('reserve', 'tuple', tuple)).resolves.toBeDefined()
  await room.host.call('terminateWorker')
})

test('a worker that is terminated while it loads the addon leaves the process alive', async () => {
  await room.host.call('reserveAndRelease', 'tuple', tuple, 1)
  await room.host.call('terminateLoadingWorkers', 40)
  await expect(room.host.call('reserve', 'tuple', tuple)).resolves.toBeDefined()
})

test('a worker that is terminated leaves the process alive and its reservations held', async () => {
  await using other = await enterHost(room)
  await other.call('reserveInWorker', tuple)
  await other.call('terminateWorker')
  await expect(other.call('reserve', 'tuple', tuple)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
})

test('the descriptor table grows at once, and a table that is large enough stays', async () => {
  await using other = await enterHost(room)
  const before = await other.call('openDescriptors')
  await other.call('growDescriptorTable', 5_000)
  const size = await other.call<number>('descriptorTableSize')
  expect(size).toBeGreaterThanOrEqual(5_000)
  await other.call('growDescriptorTable', 100)
  expect(await other.call('descriptorTableSize')).toBe(size)
  expect(await other.call('openDescriptors')).toBe(before)
})

test('more descriptors than the limit are refused with a hint', async () => {
  await expect(room.host.call('growDescriptorTable', 0x7fffffff)).rejects.toMatchObject({
    code: 'EINVAL',
    syscall: 'fcntl(F_DUPFD_CLOEXEC)',
    hint: expect.stringContaining('ulimit -n'),
  })
})
