import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, enterWatching, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const slice = { first: 9000, last: 9099 }
const remote = { remoteAddress: '198.51.100.7', remotePort: 443 }
const echoId = { address: '192.0.2.1', id: 7 }
const kinds = [
  { kind: 'tuple', options: { address: '192.0.2.1', ...remote } },
  { kind: 'repair', options: { address: '192.0.2.1', ...remote } },
  {
    kind: 'port',
    options: { protocol: 'tcp', address: '192.0.2.1' },
  },
  {
    kind: 'port',
    options: { protocol: 'udp', address: '192.0.2.1' },
  },
]

describe.each(kinds)('at the descriptor limit, $kind $options.protocol', ({ kind, options }) => {
  test('is refused with a hint, what is held stays held, and one release makes room for one', async () => {
    await using full = await enterWatching(room)
    await full.call('reserveAndRelease', kind, { ...options, ports: slice }, 1)
    const open = await full.call<number>('openDescriptors')
    await room.lab.exec('host', 'prlimit', [`--pid=${full.pid}`, `--nofile=${open + 10}`])

    const noDescriptor = { code: 'EMFILE', syscall: 'socket', full: false }
    const { ports, refusal } = await full.call<{ ports: number[]; refusal: object }>('fill', kind, {
      ...options,
      ports: slice,
    })
    expect(refusal).toMatchObject(noDescriptor)
    expect(ports.length).toBeGreaterThan(0)
    const hinted = { ...noDescriptor, hint: expect.stringContaining('ulimit -n') }
    await expect(full.call('reserve', kind, { ...options, ports: slice })).rejects.toMatchObject(hinted)
    await expect(full.call('reserve', 'echo-id', echoId)).rejects.toMatchObject(hinted)

    for (const held of ports) {
      await expect(room.rival.call('reserve', kind, { ...options, ports: held })).rejects.toMatchObject({
        code: expect.stringMatching(/^EADDR/),
      })
    }
    await full.call('release', 1)
    const made = await full.call<{ ports: number[]; refusal: object }>('fill', kind, {
      ...options,
      ports: slice,
    })
    expect(made.ports).toHaveLength(1)
    expect(made.refusal).toMatchObject(noDescriptor)
  })
})

test('at the descriptor limit the first watch is refused with a hint, and the reservation stays', async () => {
  await using full = await enterWatching(room)
  const tuple = { address: '192.0.2.1', ports: slice, ...remote }
  const { id } = await full.call<{ id: number }>('reserve', 'tuple', tuple)
  const open = await full.call<number>('openDescriptors')
  await room.lab.exec('host', 'prlimit', [`--pid=${full.pid}`, `--nofile=${open + 5}`])
  await full.call('fill', 'tuple', tuple)
  await expect(full.call('watch', id)).rejects.toMatchObject({
    code: 'EMFILE',
    hint: expect.stringContaining('ulimit -n'),
  })
  expect(await full.call('stateOf', id)).toMatchObject({ released: false })
})
