import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { NewExpectation } from '../src/index.js'
import { type ConntrackLab, openConntrackLab } from './conntrack-lab.js'

let room: ConntrackLab
beforeAll(async () => {
  room = await openConntrackLab()
})
afterEach(() => room.clear())
afterAll(() => room?.close())

const ends = { source: '192.0.2.1', destination: '198.51.100.1', protocol: 'tcp' } as const
const master = { ...ends, sourcePort: 4000, destinationPort: 21 }
const expected = (destinationPort: number): NewExpectation<string> => ({
  tuple: { ...ends, sourcePort: 0, destinationPort },
  master,
  helper: 'ftp',
})

async function createMaster(): Promise<void> {
  await room.conntrack.create({ original: master, timeoutSeconds: 60, helper: { name: 'ftp' } })
}

test('an expectation is made, read, listed and deleted', async () => {
  const { conntrack } = room
  await createMaster()
  await conntrack.createExpectation(expected(5000))
  const { tuple } = expected(5000)
  const expectation = await conntrack.getExpectation({ tuple })
  expect(expectation).toMatchObject({ family: 4, tuple, master, helper: 'ftp', flags: 0 })
  expect(expectation!.mask).toMatchObject({ source: '0.0.0.0', sourcePort: 0, destinationPort: 65535 })
  const again = { ...expectation, timeout: expect.any(Number) }
  expect(await conntrack.dumpExpectations()).toEqual([again])
  expect(await conntrack.dumpExpectations({ master: { original: master } })).toEqual([again])
  expect(await conntrack.deleteExpectation({ tuple, id: (expectation!.id! ^ 1) >>> 0 })).toBe(false)
  expect(await conntrack.deleteExpectation(expectation!)).toBe(true)
  expect(await conntrack.deleteExpectation({ tuple })).toBe(false)
  expect(await conntrack.getExpectation({ tuple })).toBeUndefined()
})

test('the limit of the helper makes the oldest expectation go', async () => {
  const { conntrack } = room
  await createMaster()
  await conntrack.createExpectation(expected(5000))
  await conntrack.createExpectation(expected(5001))
  expect((await conntrack.dumpExpectations()).map(({ tuple }) => tuple.destinationPort)).toEqual([5001])
})

test('expectations are flushed by helper or altogether', async () => {
  const { conntrack } = room
  await createMaster()
  await conntrack.createExpectation(expected(5000))
  await conntrack.flushExpectations({ helper: 'sip' })
  expect((await conntrack.dumpExpectations()).length).toBe(1)
  await conntrack.flushExpectations({ helper: 'ftp' })
  expect(await conntrack.dumpExpectations()).toEqual([])
  await conntrack.createExpectation(expected(5000))
  await conntrack.flushExpectations()
  expect(await conntrack.dumpExpectations()).toEqual([])
})

test('translation is kept for the flow that comes', async () => {
  const { conntrack } = room
  await createMaster()
  const nat = { direction: 'reply', tuple: { ...ends, sourcePort: 6000, destinationPort: 0 } } as const
  await conntrack.createExpectation({ ...expected(5000), nat })
  expect((await conntrack.dumpExpectations())[0]!.nat).toMatchObject({
    direction: 'reply',
    tuple: { source: ends.source, sourcePort: 6000 },
  })
})

test('without a master, or with one that has no helper, the error says what is missing', async () => {
  const { conntrack } = room
  await expect(conntrack.createExpectation(expected(5000))).rejects.toMatchObject({
    code: 'ENOENT',
    hint: expect.stringContaining('create it first, with a helper'),
  })
  await conntrack.create({ original: master, timeoutSeconds: 60 })
  await expect(conntrack.createExpectation({ ...expected(5000), helper: undefined })).rejects.toMatchObject({
    code: 'ENOTSUP',
    hint: expect.stringContaining('has no helper'),
  })
  await expect(conntrack.createExpectation({ ...expected(5000), helper: 'no-such' })).rejects.toMatchObject({
    code: 'ENOTSUP',
    hint: expect.stringContaining("'no-such'"),
  })
})

test('what is expected already, and a function that the kernel does not know, are told', async () => {
  const { conntrack } = room
  await createMaster()
  await conntrack.createExpectation(expected(5000))
  await expect(conntrack.createExpectation(expected(5000))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(
    conntrack.createExpectation({ ...expected(5001), expectFunction: 'no-such' }),
  ).rejects.toMatchObject({ code: 'EINVAL', hint: expect.stringContaining('expectFunction') })
  await expect(conntrack.createExpectation({ ...expected(5001), maskk: 1 } as never)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

test('expectations are counted per CPU', async () => {
  await createMaster()
  await room.conntrack.createExpectation(expected(5000))
  const created = (await room.conntrack.expectationCpuStatistics()).map(({ create = 0 }) => create)
  expect(created.reduce((sum, each) => sum + each)).toBeGreaterThan(0)
})
