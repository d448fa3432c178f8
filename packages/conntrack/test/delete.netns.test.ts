import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FlowFilter, type NewFlow, STATUS } from '../src/index.js'
import { type ConntrackLab, numbered, numberedMany, openConntrackLab } from './conntrack-lab.js'

let room: ConntrackLab
beforeAll(async () => {
  room = await openConntrackLab()
})
afterEach(() => room.clear())
afterAll(() => room?.close())

test('an entry of a zone is deleted with its zone only', async () => {
  const { conntrack } = room
  const { original } = numbered(1)
  await conntrack.createMany([numbered(1), numbered(1, { zone: 5 })])
  expect(await conntrack.delete({ original, zone: 6 })).toBe(false)
  expect(await conntrack.delete({ original, zone: 5 })).toBe(true)
  expect(await conntrack.get({ original, zone: 5 })).toBeUndefined()
  expect(await conntrack.get({ original })).toBeDefined()
})

test('an entry that was born later with the same tuple is not deleted by the old id', async () => {
  const { conntrack } = room
  await conntrack.create(numbered(1))
  const old = (await conntrack.get(numbered(1)))!
  expect(await conntrack.delete({ ...old, id: (old.id! ^ 1) >>> 0 })).toBe(false)
  expect(await conntrack.get({ ...old, id: (old.id! ^ 1) >>> 0 })).toBeUndefined()
  expect(await conntrack.delete(old)).toBe(true)
})

test('an entry with a zone of one direction is deleted as it was read', async () => {
  const { conntrack } = room
  await conntrack.create(numbered(1, { original: { ...numbered(1).original, zone: 4 } }))
  const [flow] = await conntrack.list({ zone: 4 })
  expect(flow!.original.zone).toBe(4)
  expect(await conntrack.delete(flow!)).toBe(true)
})

test('many are deleted, and those that are gone are counted apart, more than a socket holds answers for', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(2_000))
  const keys = numberedMany(3_000).map(({ original }) => ({ original }))
  const result = await conntrack.deleteMany(keys)
  expect(result).toMatchObject({ deleted: 2_000, alreadyGone: 1_000, failed: 0, unknown: 0 })
  expect(result.outcomes[1_999]).toBe('deleted')
  expect(result.outcomes[2_000]).toBe('already-gone')
  expect(result.errors.size).toBe(0)
  expect(await conntrack.list()).toEqual([])
})

test('a wrong key in a bulk is named by its index before anything is deleted', async () => {
  const { conntrack } = room
  await conntrack.create(numbered(1))
  await expect(conntrack.deleteMany([numbered(1), {}])).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
    message: expect.stringMatching(/^keys\[1\]/),
  })
  expect((await conntrack.list()).length).toBe(1)
})

describe('a flush deletes what fits and nothing else', () => {
  const v6 = (host: number, more: Partial<NewFlow> = {}): NewFlow => ({
    original: {
      source: `fd00::${host}`,
      destination: 'fd00::99',
      protocol: 'udp',
      sourcePort: host,
      destinationPort: 2,
    },
    timeoutSeconds: 60,
    ...more,
  })
  const flows = [
    ...numberedMany(40, (number) => ({
      mark: number % 4,
      zone: number % 2,
      status: STATUS.CONFIRMED | (number % 5 === 0 ? STATUS.SEEN_REPLY : 0),
    })),
    ...[1, 2, 3, 4, 5].map((host) => v6(host)),
  ]

  test.each<[FlowFilter, number, 'kernel' | 'one-by-one']>([
    [{ family: 6 }, 5, 'kernel'],
    [{ family: 4 }, 40, 'kernel'],
    [{ mark: 3 }, 10, 'kernel'],
    [{ mark: { value: 1, mask: 1 } }, 20, 'kernel'],
    [{ zone: 0 }, 25, 'kernel'],
    [{ zone: 1 }, 20, 'kernel'],
    [{ zone: 9 }, 0, 'one-by-one'],
    [{ status: { set: ['SEEN_REPLY'] } }, 8, 'kernel'],
    [{ status: { clear: ['SEEN_REPLY'] }, zone: 1 }, 16, 'kernel'],
    [{ source: '10.0.0.7' }, 1, 'kernel'],
    [{ reply: { destination: '10.0.0.7' } }, 1, 'kernel'],
    [{ family: 6, protocol: 'udp' }, 5, 'kernel'],
    [{ family: 6, protocol: 'udp', sourcePort: 3 }, 1, 'kernel'],
    [{ family: 4, protocol: 'tcp', destinationPort: 443, mark: 0 }, 10, 'kernel'],
    [{ protocol: 'udp' }, 5, 'one-by-one'],
    [{ source: 'fd00::2' }, 1, 'one-by-one'],
    [{ source: 'fd00::/16', family: 6 }, 5, 'one-by-one'],
    [{ source: '10.0.0.0/28' }, 16, 'one-by-one'],
    [{ sourcePort: [1024, 1033], mark: 1 }, 3, 'one-by-one'],
    [{ tcpState: 'NONE', zone: 1 }, 20, 'one-by-one'],
  ])('%j: %i of 45, by %s', async (filter, count, method) => {
    const { conntrack } = room
    await conntrack.createMany(flows)
    const fitting = new Set((await conntrack.list(filter)).map(({ id }) => id))
    expect(fitting.size).toBe(count)
    const expected = (await conntrack.list()).filter(({ id }) => !fitting.has(id)).map(({ id }) => id)
    const counts = method === 'kernel' ? {} : { deleted: count, alreadyGone: 0 }
    expect(await conntrack.flush(filter)).toEqual({ method, ...counts })
    expect((await conntrack.list()).map(({ id }) => id).sort()).toEqual(expected.sort())
  })

  test('without a filter everything goes', async () => {
    const { conntrack } = room
    await conntrack.createMany(flows)
    expect(await conntrack.flush()).toEqual({ method: 'kernel' })
    expect(await conntrack.list()).toEqual([])
  })

  test('a filter whose only value is undefined is refused, and deletes nothing', async () => {
    const { conntrack } = room
    await conntrack.create(numbered(1))
    for (const filter of [{}, { source: undefined }]) {
      await expect(conntrack.flush(filter)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
    expect((await conntrack.list()).length).toBe(1)
  })

  test('a filter that is spelled wrong deletes nothing', async () => {
    const { conntrack } = room
    await conntrack.create(numbered(1))
    await expect(conntrack.flush({ sourcePrt: 5 } as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    })
    await expect(
      conntrack.flush({ mark: undefined, zone: undefined, source: '1.2.3.4' }),
    ).resolves.toBeDefined()
    expect((await conntrack.list()).length).toBe(1)
  })
})
