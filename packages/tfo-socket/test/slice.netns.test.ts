import { fileURLToPath } from 'node:url'
import { type NetnsChild, waitFor } from '@slatfatf/netns'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ReservationRecord, SliceOptions } from '../src/index.js'
import { createReservationLab, families, type ReservationLab } from './reservation-lab.js'

type Held = ReservationRecord & { id: number }

/** So long that only room of its own can end it. */
const forAges = 3_600_000

let room: ReservationLab
let user: NetnsChild
beforeAll(async () => {
  room = await createReservationLab()
  user = await room.lab.enter('host', new URL('./cases/slice.mjs', import.meta.url))
})
afterEach(async () => {
  await user.call('reset')
  await room.reset()
})
afterAll(() => room?.lab.close())

const open = (options: SliceOptions) => user.call('open', options)
const reserve = (method: string, ...args: unknown[]) => user.call<Held | null>('reserve', method, ...args)
const fill = (method: string, ...args: unknown[]) => user.call<number[]>('fill', method, ...args)
const release = ({ id }: Held) => user.call('release', id)
/** What the rival holds under the same name as a slice would. */
const rivalHolds = (kind: string, options: object) =>
  room.rival.call<{ id: number }>('reserve', kind, options)

const ports = { first: 9000, last: 9009 }
const all = Array.from({ length: 10 }, (_, i) => 9000 + i)

describe.each(families)('a slice over $family', ({ address, far, farther, origin }) => {
  describe.each(['reserveTuple', 'reserveRepair'])('%s', (method) => {
    test('hands out every port of the range once for each remote, and then says that it is full', async () => {
      await open({ address, ports })
      expect(await fill(method, far, 443)).toEqual(all)
      expect(await reserve(method, far, 443)).toBeNull()
      expect(await fill(method, farther, 443)).toEqual(all)
      expect(await reserve(method, far, 80)).toMatchObject({ address, remoteAddress: far, remotePort: 80 })
    })

    test('has room again for this remote as soon as one of its own comes back', async () => {
      await open({ address, ports, fullMemoryMs: forAges })
      const first = await reserve(method, far, 443)
      await fill(method, far, 443)
      await release(first!)
      expect(await reserve(method, far, 443)).toMatchObject({ port: first!.port })
      expect(await reserve(method, far, 443)).toBeNull()
    })
  })

  test('tuples and repair reservations share the ports of a remote, and know it of each other', async () => {
    await open({ address, ports, fullMemoryMs: forAges })
    const repair = await reserve('reserveRepair', far, 443)
    expect(await fill('reserveTuple', far, 443)).toHaveLength(9)
    expect(await reserve('reserveRepair', far, 443)).toBeNull()
    await release(repair!)
    expect(await reserve('reserveTuple', far, 443)).toMatchObject({ port: repair!.port })
  })

  test.each<{ what: string; asked: [string, ...string[]] }>([
    { what: 'TCP ports', asked: ['reservePort', 'tcp'] },
    { what: 'UDP ports', asked: ['reservePort', 'udp'] },
    { what: 'echo ids', asked: ['reserveEchoId'] },
  ])(
    '$what: hands out the whole range, says that it is full, and has room when one comes back',
    async ({ asked }) => {
      await open({ address, ports, fullMemoryMs: forAges })
      const first = (await reserve(...asked))!
      expect(first).toMatchObject({ address, shared: false })
      expect([first.port, ...(await fill(...asked))].sort((a, b) => a - b)).toEqual(all)
      await release(first)
      expect(await reserve(...asked)).toMatchObject({ port: first.port })
      expect(await reserve(...asked)).toBeNull()
    },
  )

  test('UDP ports and echo ids that strangers hold are skipped, tuples too', async () => {
    const strangers = all.filter((port) => port !== 9003)
    for (const port of strangers) {
      await rivalHolds('port', { protocol: 'udp', address, ports: port })
      await rivalHolds('echo-id', { address, id: port })
      await rivalHolds('tuple', { address, ports: port, remoteAddress: origin, remotePort: 443 })
    }
    await open({ address, ports })
    expect(await fill('reservePort', 'udp')).toEqual([9003])
    expect(await fill('reserveEchoId')).toEqual([9003])
    expect(await fill('reserveTuple', origin, 443)).toEqual([9003])
  })

  test('"full" is believed for its time, although a stranger has left', async () => {
    const stranger = await rivalHolds('tuple', { address, ports: 9000, remoteAddress: far, remotePort: 443 })
    await open({ address, ports: { first: 9000, last: 9000 }, fullMemoryMs: forAges })
    expect(await reserve('reserveTuple', far, 443)).toBeNull()
    await room.rival.call('release', stranger.id)
    expect(await reserve('reserveTuple', far, 443)).toBeNull()
    expect(await reserve('reserveTuple', farther, 443)).not.toBeNull()
    expect(await reserve('reserveTuple', far, 443)).toBeNull()
  })

  test('"full" ends with its time, without anything of its own coming back', async () => {
    const stranger = await rivalHolds('port', { protocol: 'udp', address, ports: 9000 })
    await open({ address, ports: { first: 9000, last: 9000 }, fullMemoryMs: 20 })
    expect(await reserve('reservePort', 'udp')).toBeNull()
    await room.rival.call('release', stranger.id)
    await waitFor(() => reserve('reservePort', 'udp'))
  })

  test('a memory of 0 ms asks the kernel each time', async () => {
    const stranger = await rivalHolds('echo-id', { address, id: 9000 })
    await open({ address, ports: { first: 9000, last: 9000 }, fullMemoryMs: 0 })
    expect(await reserve('reserveEchoId')).toBeNull()
    await room.rival.call('release', stranger.id)
    expect(await reserve('reserveEchoId')).not.toBeNull()
  })

  test('"full" ends with a loss: the kernel took one of its own away', async () => {
    await open({ address, ports, fullMemoryMs: forAges })
    const watched = (await reserve('reserveTuple', far, 443))!
    await user.call('watch', watched.id)
    await fill('reserveTuple', far, 443)
    await room.lab.exec('host', 'ss', ['-K', '-t', 'state', 'syn-sent', 'sport', '=', `:${watched.port}`])
    await waitFor(async () => (await user.call<unknown[]>('losses')).length > 0)
    expect(await user.call('losses')).toEqual([{ port: watched.port, code: 'ECONNABORTED' }])
    expect(await reserve('reserveTuple', far, 443)).toMatchObject({ port: watched.port })
  })

  test('"full" ends with a promotion too, although the connection goes on holding its tuple', async () => {
    await room.origin.call('listen', origin, 443)
    const stranger = await rivalHolds('tuple', {
      address,
      ports: 9000,
      remoteAddress: origin,
      remotePort: 443,
    })
    await open({ address, ports: { first: 9000, last: 9001 }, fullMemoryMs: forAges })
    const own = (await reserve('reserveTuple', origin, 443))!
    expect(await reserve('reserveTuple', origin, 443)).toBeNull()
    await room.rival.call('release', stranger.id)
    await user.call('promote', own.id)
    expect(await reserve('reserveTuple', origin, 443)).toMatchObject({ port: 9000 })
    expect(await reserve('reserveTuple', origin, 443)).toBeNull()
  })

  test('what it hands out lies in the range, is unique, and no rival gets it while it is held', async () => {
    const remotes = [far, farther].flatMap((remote) => [443, 80].map((port) => [remote, port] as const))
    const step = fc.oneof(
      fc.nat(3),
      fc.constantFrom(['reservePort', 'udp'], ['reserveEchoId']),
      fc
        .tuple(fc.constantFrom('reserveTuple', 'reserveRepair'), fc.constantFrom(...remotes))
        .map(([method, remote]) => [method, ...remote]),
    )
    const few = { first: 9000, last: 9003 }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        await open({ address, ports: few, fullMemoryMs: forAges })
        for (const held of await user.call<ReservationRecord[]>('churn', steps)) {
          await expect(room.rival.call('reserve', ...asRival(held))).rejects.toMatchObject({
            code: expect.stringMatching(/^EADDR/),
          })
        }
        await user.call('releaseEverything')
      }),
      { numRuns: 15 },
    )
  })

  function asRival(held: ReservationRecord): [string, object] {
    const { kind, port, remoteAddress, remotePort } = held
    if (kind === 'echo-id') return [kind, { address, id: port }]
    if (kind === 'port') return [kind, { protocol: 'udp', address, ports: port }]
    return ['tuple', { address, ports: port, remoteAddress, remotePort }]
  }
})

const [{ address, far }] = families

test('slices of two addresses share the echo ids of one range', async () => {
  await open({ address, ports, fullMemoryMs: 0 })
  expect(await fill('reserveEchoId')).toHaveLength(10)
  await open({ address: '192.0.2.2', ports, fullMemoryMs: 0 })
  expect(await reserve('reserveEchoId')).toBeNull()
})

test('marks reach the kernel', async () => {
  await open({ address, ports, mark: 42 })
  await reserve('reserveTuple', far, 443)
  await reserve('reservePort', 'udp')
  const { stdout } = await room.lab.exec('host', 'ss', [
    '-tuanH',
    '-e',
    'sport',
    '>=',
    ':9000',
    'sport',
    '<=',
    ':9009',
  ])
  expect(stdout.match(/fwmark:0x2a/g)).toHaveLength(2)
})

test('on a device, holds there only', async () => {
  await open({ address, ports: { first: 9000, last: 9000 }, device: 'd0' })
  expect(await reserve('reservePort', 'udp')).not.toBeNull()
  await rivalHolds('port', { protocol: 'udp', address, ports: 9000, device: 'lo' })
  await expect(rivalHolds('port', { protocol: 'udp', address, ports: 9000 })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
})

test('tuples to every remote are tried again when a TCP port comes back that kept them all off', async () => {
  await open({ address, ports: { first: 9000, last: 9000 }, fullMemoryMs: forAges })
  const port = await reserve('reservePort', 'tcp')
  expect(await reserve('reserveTuple', far, 443)).toBeNull()
  await release(port!)
  expect(await reserve('reserveTuple', far, 443)).toMatchObject({ port: 9000 })
})

describe('refusals other than "full" are thrown', () => {
  test('a range that the kernel does not pick from, also when it was narrowed meanwhile', async () => {
    await open({ address, ports, fullMemoryMs: forAges })
    expect(await reserve('reserveTuple', far, 443)).not.toBeNull()
    await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9500 9999')
    await expect(reserve('reserveTuple', far, 443)).rejects.toMatchObject({
      code: 'ERR_PORT_OUTSIDE_RANGE',
      hint: expect.stringContaining('9000 9999'),
    })
  })

  test('an address that the host does not have', async () => {
    await open({ address: '203.0.113.1', ports })
    const refused = { code: 'EADDRNOTAVAIL', syscall: 'bind', full: false }
    await expect(reserve('reserveTuple', far, 443)).rejects.toMatchObject(refused)
    await expect(reserve('reservePort', 'tcp')).rejects.toMatchObject(refused)
    await expect(reserve('reservePort', 'udp')).rejects.toMatchObject(refused)
    await expect(reserve('reserveEchoId')).rejects.toMatchObject(refused)
  })

  test('ping sockets that the process may not open', async () => {
    await room.lab.sysctl('host', 'net.ipv4.ping_group_range', '1 0')
    await open({ address, ports })
    await expect(reserve('reserveEchoId')).rejects.toMatchObject({ code: 'EACCES', syscall: 'socket' })
  })

  test('a remote of the other family, by the name of the argument', async () => {
    await open({ address, ports })
    await expect(reserve('reserveTuple', '2001:db8::9', 443)).rejects.toMatchObject({
      name: 'RangeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(/^remoteAddress must be .* family of 192\.0\.2\.1/),
    })
  })
})

const wrong: [string, string, unknown][] = [
  ['ERR_INVALID_ARG_TYPE', 'no options', undefined],
  ['ERR_INVALID_ARG_VALUE', 'an option that does not exist', { address, ports, port: 9000 }],
  ['ERR_INVALID_ARG_VALUE', 'what is no address', { address: 'localhost', ports }],
  ['ERR_INVALID_ARG_TYPE', 'one port', { address, ports: 9000 }],
  ['ERR_INVALID_ARG_VALUE', 'a range from behind', { address, ports: { first: 9009, last: 9000 } }],
  ['ERR_INVALID_ARG_VALUE', 'a negative mark', { address, ports, mark: -1 }],
  ['ERR_INVALID_ARG_TYPE', 'a device that is no name', { address, ports, device: 7 }],
  [
    'ERR_INVALID_ARG_VALUE',
    'a memory without end',
    { address, ports, fullMemoryMs: Number.POSITIVE_INFINITY },
  ],
  ['ERR_INVALID_ARG_TYPE', 'a memory that is no number', { address, ports, fullMemoryMs: '250' }],
]
test.each(wrong)('%s for %s', async (code, _, options) => {
  await expect(user.call('open', options)).rejects.toMatchObject({ code })
})

test.each([
  ['ERR_INVALID_ARG_TYPE', 'reserveTuple', [undefined, 443]],
  ['ERR_INVALID_ARG_VALUE', 'reserveTuple', ['198.51.100.7', 0]],
  ['ERR_INVALID_ARG_TYPE', 'reserveRepair', ['198.51.100.7', '443']],
  ['ERR_INVALID_ARG_VALUE', 'reservePort', ['sctp']],
])('%s from %s(%j)', async (code, method, args) => {
  await open({ address, ports })
  await expect(reserve(method, ...args)).rejects.toMatchObject({ code })
})

test('the example says for which remotes there is a port', async () => {
  const example = fileURLToPath(new URL('../examples/slice.mjs', import.meta.url))
  const remotes = ['198.51.100.7', '198.51.100.7', '198.51.100.8']
  const { stdout } = await room.lab.exec('host', process.execPath, [
    example,
    address,
    '9005',
    '9005',
    ...remotes,
  ])
  expect(stdout.trim().split('\n')).toEqual([
    '192.0.2.1:9005 for 198.51.100.7',
    'no port is left for 198.51.100.7',
    '192.0.2.1:9005 for 198.51.100.8',
  ])
})
