import { cpus } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ConntrackLab, numberedMany, openConntrackLab } from './conntrack-lab.js'

let room: ConntrackLab
beforeAll(async () => {
  room = await openConntrackLab()
})
afterAll(() => room?.close())

test('the table says how full it is and how full it may be', async () => {
  await room.conntrack.createMany(numberedMany(10))
  const { entries, maxEntries } = await room.conntrack.statistics()
  expect(entries).toBe(10)
  expect(maxEntries).toBe(Number(await room.lab.sysctl('host', 'net.netfilter.nf_conntrack_max')))
})

test('each CPU is counted by its number, with what new kernels count', async () => {
  const statistics = await room.conntrack.cpuStatistics()
  expect(statistics.length).toBeGreaterThanOrEqual(cpus().length)
  expect(statistics.map(({ cpu }) => cpu)).toEqual(statistics.map((_, index) => index))
  expect(statistics.reduce((sum, { insert = 0 }) => sum + insert, 0)).toBeGreaterThanOrEqual(10)
  expect(statistics[0]).toMatchObject({ insertFailed: 0, clashResolve: 0, chainTooLong: 0 })
})

test('without CAP_NET_ADMIN nothing can be read, and the error says so', async () => {
  const cases = new URL('./cases/conntrack.mjs', import.meta.url)
  await using child = await room.lab.enter('host', cases)
  expect(await child.call('readStatistics')).toMatchObject({ entries: 10 })
  await expect(child.call('readStatisticsAsNobody')).rejects.toMatchObject({
    code: 'EPERM',
    hint: expect.stringContaining('CAP_NET_ADMIN'),
  })
})
