import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FlowChange, STATUS, statusNames } from '../src/index.js'
import { type ConntrackLab, numbered, openConntrackLab } from './conntrack-lab.js'

let room: ConntrackLab
beforeAll(async () => {
  room = await openConntrackLab()
})
afterEach(() => room.clear())
afterAll(() => room?.close())

const flow = numbered(1, { mark: 0xff, protocolInfo: { tcp: { state: 'SYN_SENT' } } })
const { original } = flow

test('what a change does not name stays', async () => {
  const { conntrack } = room
  await conntrack.create(flow)
  await conntrack.update({ original }, { timeoutSeconds: 5000 })
  const changed = await conntrack.get({ original })
  expect(changed).toMatchObject({ mark: 0xff, protocolInfo: { tcp: { state: 'SYN_SENT' } } })
  expect(changed!.timeout).toBeGreaterThan(4000)
})

test('mark 0 is a mark, and a mask changes its own bits only', async () => {
  const { conntrack } = room
  await conntrack.create(flow)
  await conntrack.update({ original }, { mark: { value: 0xffff_fff0, mask: 0x0f } })
  expect((await conntrack.get({ original }))!.mark).toBe(0xf0)
  await conntrack.update({ original }, { mark: 0 })
  expect((await conntrack.get({ original }))!.mark).toBe(0)
})

test('the reply tuple alone finds the entry', async () => {
  const { conntrack } = room
  await conntrack.create(flow)
  const { reply } = (await conntrack.get({ original }))!
  await conntrack.update({ reply }, { mark: 3, protocolInfo: { tcp: { state: 'ESTABLISHED' } } })
  expect(await conntrack.get({ original })).toMatchObject({
    mark: 3,
    protocolInfo: { tcp: { state: 'ESTABLISHED' } },
  })
})

test('labels are replaced whole or under a mask', async () => {
  const { conntrack } = room
  await conntrack.create(flow)
  const labels = new Uint8Array(16).fill(0xff)
  await conntrack.update({ original }, { labels })
  const bits = new Uint8Array(16)
  const mask = Uint8Array.from({ length: 16 }, (_, index) => (index === 0 ? 0x0f : 0))
  await conntrack.update({ original }, { labels: { bits, mask } })
  labels[0] = 0xf0
  expect((await conntrack.get({ original }))!.labels).toEqual(labels)
})

test('a mask of labels that is short changes nothing beyond it, and bits outside of a mask are not flipped', async () => {
  const { conntrack } = room
  await conntrack.create(flow)
  const labels = new Uint8Array(16).fill(0xf0)
  await conntrack.update({ original }, { labels })
  const bits = Uint8Array.of(0x0f, 0xff, 0xff, 0xff)
  await conntrack.update({ original }, { labels: { bits, mask: Uint8Array.of(0xff, 0, 0, 0) } })
  labels[0] = 0x0f
  expect((await conntrack.get({ original }))!.labels).toEqual(labels)
})

test('bits of the status can be set', async () => {
  const { conntrack } = room
  await conntrack.create(flow)
  await conntrack.update({ original }, { status: STATUS.CONFIRMED | STATUS.SEEN_REPLY | STATUS.ASSURED })
  expect(statusNames((await conntrack.get({ original }))!.status!)).toContain('ASSURED')
})

test('an id keeps an update from an entry that was born later', async () => {
  const { conntrack } = room
  await conntrack.create(flow)
  const old = (await conntrack.get({ original }))!
  await conntrack.update(old, { mark: 1 })
  await expect(conntrack.update({ ...old, id: (old.id! ^ 1) >>> 0 }, { mark: 2 })).rejects.toMatchObject({
    code: 'ENOENT',
    errno: -2,
  })
  expect((await conntrack.get({ original }))!.mark).toBe(1)
})

describe('the kernel refuses with a number, the error says what it means', () => {
  test.each<[string, FlowChange, string, RegExp]>([
    ['clearing SEEN_REPLY', { status: STATUS.CONFIRMED }, 'EBUSY', /SEEN_REPLY.*never cleared/],
    ['taking CONFIRMED away', { status: STATUS.SEEN_REPLY }, 'EBUSY', /CONFIRMED/],
    ['a helper after creation', { helper: { name: 'ftp' } }, 'ENOTSUP', /at creation/],
    ['a helper that is unknown', { helper: { name: 'no-such' } }, 'ENOTSUP', /at creation/],
  ])('%s', async (_, change, code, hint) => {
    const { conntrack } = room
    await conntrack.create({ ...flow, status: STATUS.CONFIRMED | STATUS.SEEN_REPLY })
    await expect(conntrack.update({ original }, change)).rejects.toMatchObject({
      code,
      operation: 'update',
      hint: expect.stringMatching(hint),
    })
  })

  test('a fixed timeout', async () => {
    const { conntrack } = room
    await conntrack.create({ ...flow, status: STATUS.CONFIRMED | STATUS.FIXED_TIMEOUT })
    await expect(conntrack.update({ original }, { timeoutSeconds: 5 })).rejects.toMatchObject({
      code: 'EPERM',
      hint: expect.stringContaining('FIXED_TIMEOUT'),
    })
  })

  test('an entry that is not there: was the zone given?', async () => {
    const { conntrack } = room
    await conntrack.create({ ...flow, zone: 5 })
    await expect(conntrack.update({ original }, { mark: 1 })).rejects.toMatchObject({
      code: 'ENOENT',
      hint: expect.stringContaining('was the zone given?'),
    })
    await conntrack.update({ original, zone: 5 }, { mark: 1 })
    expect((await conntrack.get({ original, zone: 5 }))!.mark).toBe(1)
  })
})
