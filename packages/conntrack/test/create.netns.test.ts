import { openNetlink, PayloadWriter } from '@slatfatf/netlink'
import { createLab } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FLOW_ATTRIBUTES } from '../src/codec/attribute-names.js'
import { IPCTNL_MSG_CT_NEW } from '../src/codec/constants.js'
import { conntrackError } from '../src/errors/refusal.js'
import { type NewFlow, openConntrack, prepareTcp, STATUS, statusNames } from '../src/index.js'
import { type ConntrackLab, numberedMany, openConntrackLab } from './conntrack-lab.js'

let room: ConntrackLab
beforeAll(async () => {
  room = await openConntrackLab()
})
afterEach(() => room.clear())
afterAll(() => room?.close())

const ends = { source: '192.0.2.1', destination: '198.51.100.1' }
const original = { ...ends, sourcePort: 4000, destinationPort: 80 }
const tcp = { ...original, protocol: 'tcp' } as const

test('a prepared connection is in the table as SYN_SENT, with its mark and its timeout', async () => {
  const { conntrack } = room
  await conntrack.create(prepareTcp({ original, mark: 0x2a }))
  const flow = await conntrack.get({ original: tcp })
  expect(flow).toMatchObject({ original: tcp, mark: 0x2a, protocolInfo: { tcp: { state: 'SYN_SENT' } } })
  expect(statusNames(flow!.status!)).toEqual(['CONFIRMED'])
  expect(flow!.timeout).toBeGreaterThan(110)
  expect(flow!.timestamp!.start).toBeGreaterThan(0n)
})

test('without protocolInfo the state is NONE', async () => {
  await room.conntrack.create({ original: tcp, timeoutSeconds: 60 })
  expect(await room.conntrack.get({ original: tcp })).toMatchObject({
    protocolInfo: { tcp: { state: 'NONE' } },
  })
})

test('a live connection can be told from one that is not sent yet', async () => {
  const status = STATUS.CONFIRMED | STATUS.SEEN_REPLY | STATUS.ASSURED
  const protocolInfo = { tcp: { state: 'ESTABLISHED', windowScaleOriginal: 7, windowScaleReply: 9 } } as const
  await room.conntrack.create({ original: tcp, timeoutSeconds: 60, status, protocolInfo })
  const flow = await room.conntrack.get({ original: tcp })
  expect(flow).toMatchObject({ protocolInfo })
  expect(statusNames(flow!.status!)).toEqual(['SEEN_REPLY', 'ASSURED', 'CONFIRMED'])
})

test('bits of NAT in the status are ignored by the kernel and make no NAT', async () => {
  await room.conntrack.create({
    original: tcp,
    timeoutSeconds: 60,
    status: STATUS.CONFIRMED | STATUS.SRC_NAT,
  })
  expect(statusNames((await room.conntrack.get({ original: tcp }))!.status!)).not.toContain('SRC_NAT')
})

test.each<[string, NewFlow['original']]>([
  ['UDP', { ...original, protocol: 'udp' }],
  ['UDPLite', { ...original, protocol: 'udplite' }],
  ['SCTP', { ...original, protocol: 'sctp' }],
  ['ICMP', { ...ends, protocol: 'icmp', icmp: { type: 8, code: 0, id: 9 } }],
  [
    'ICMPv6',
    { source: 'fd00::1', destination: 'fd00::2', protocol: 'icmpv6', icmp: { type: 128, code: 0, id: 9 } },
  ],
  ['GRE', { ...ends, protocol: 'gre', greKeys: { source: 1, destination: 2 } }],
  ['ESP', { ...ends, protocol: 50 }],
  ['TCP over IPv6', { ...tcp, source: 'fd00::1', destination: 'fd00::2' }],
])('an entry of %s is found by each of its tuples, and deleted', async (_, original) => {
  const { conntrack } = room
  await conntrack.create({ original, timeoutSeconds: 60 })
  const flow = await conntrack.get({ original })
  expect(flow!.original).toEqual(original)
  expect((await conntrack.get({ reply: flow!.reply }))!.id).toBe(flow!.id)
  expect(await conntrack.delete(flow!)).toBe(true)
})

test('labels are kept where a rule uses labels', async () => {
  const labels = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128)
  await room.conntrack.create({ original: tcp, timeoutSeconds: 60, labels })
  expect((await room.conntrack.get({ original: tcp }))!.labels).toEqual(labels)
})

test('a flow can be expected by another one, which must exist', async () => {
  const { conntrack } = room
  const master = { ...tcp, destinationPort: 21 }
  await conntrack.create({ original: master, timeoutSeconds: 60, helper: { name: 'ftp' } })
  await conntrack.create({ original: tcp, timeoutSeconds: 60, master })
  const flow = await conntrack.get({ original: tcp })
  expect(flow).toMatchObject({ master })
  expect(statusNames(flow!.status!)).toContain('EXPECTED')
})

describe('the kernel refuses with a number, the error says what it means', () => {
  const flow: NewFlow = { original: tcp, timeoutSeconds: 60 }
  test.each<[string, NewFlow, string | RegExp, RegExp]>([
    ['a status without CONFIRMED', { ...flow, status: STATUS.SEEN_REPLY }, 'EBUSY', /CONFIRMED/],
    [
      'a helper that is unknown',
      { ...flow, helper: { name: 'no-such' } },
      'ENOTSUP',
      /no helper 'no-such'.*nf_conntrack_/,
    ],
    [
      'a master that is absent',
      { ...flow, master: { ...tcp, sourcePort: 9 } },
      'ENOENT',
      /master.*create it first/,
    ],
    [
      'a state beyond the last',
      { ...flow, protocolInfo: { tcp: { state: 99 } } },
      /^E(INVAL|RANGE)$/,
      /state/,
    ],
    [
      'a zone and a zone per direction',
      { ...flow, zone: 3, original: { ...tcp, zone: 4 } },
      'EINVAL',
      /zone per direction/,
    ],
  ])('%s', async (_, wrong, code, hint) => {
    await expect(room.conntrack.create(wrong)).rejects.toMatchObject({
      name: 'ConntrackError',
      code: typeof code === 'string' ? code : expect.stringMatching(code),
      operation: 'create',
      hint: expect.stringMatching(hint),
      message: expect.stringContaining('192.0.2.1:4000'),
    })
  })

  test('a taken original tuple: an update would help', async () => {
    await room.conntrack.create(flow)
    await expect(room.conntrack.create(flow)).rejects.toMatchObject({
      code: 'EEXIST',
      errno: -17,
      collision: 'original',
      hint: expect.stringContaining('update'),
      flow: { original: tcp },
    })
  })

  test('a taken reply tuple: no update would help', async () => {
    const { conntrack } = room
    const nat = { source: { address: '203.0.113.1', port: 5 } }
    await conntrack.create(prepareTcp({ original, nat }))
    const { reply } = (await conntrack.get({ original: tcp }))!
    const clash = { ...tcp, source: reply.destination, sourcePort: reply.destinationPort! }
    await expect(conntrack.create({ original: clash, timeoutSeconds: 9 })).rejects.toMatchObject({
      code: 'EEXIST',
      collision: 'reply',
      hint: expect.stringContaining('clash'),
    })
  })
})

test('20,000 entries are made in one call, and all are there', async () => {
  const result = await room.conntrack.createMany(numberedMany(20_000))
  expect(result).toMatchObject({ created: 20_000, existing: 0, failed: 0, unknown: 0 })
  expect(result.errors.size).toBe(0)
  expect(await room.conntrack.statistics()).toMatchObject({ entries: 20_000 })
})

test('300 duplicates in one call, more than a socket holds answers for, are all reported as existing', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(300))
  const flows = numberedMany(1_000)
  const { outcomes, created, existing, unknown, errors } = await conntrack.createMany(flows)
  expect({ created, existing, unknown }).toEqual({ created: 700, existing: 300, unknown: 0 })
  expect(outcomes.slice(0, 300).every((outcome) => outcome === 'exists')).toBe(true)
  expect(errors.size).toBe(300)
  expect(errors.get(7)).toMatchObject({ code: 'EEXIST', flow: { original: flows[7]!.original } })
})

test('a bulk goes on after a refusal, and says which entry was refused and why', async () => {
  const flows = numberedMany(5)
  flows[2] = { ...flows[2]!, status: 0 }
  flows[3] = { ...flows[3]!, helper: { name: 'nonsense' } }
  const { outcomes, errors } = await room.conntrack.createMany(new Set(flows))
  expect(outcomes).toEqual(['created', 'created', 'error', 'error', 'created'])
  expect(errors.get(2)).toMatchObject({ code: 'EBUSY', hint: expect.stringContaining('CONFIRMED') })
  expect(errors.get(3)).toMatchObject({ code: 'ENOTSUP', hint: expect.stringContaining('nonsense') })
})

test('a wrong flow in a bulk is named by its index before anything is sent', async () => {
  const flows = numberedMany(5)
  flows[3] = { ...flows[3]!, mark: -1 }
  await expect(room.conntrack.createMany(flows)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringMatching(/^flows\[3\]: mark/),
  })
  expect(await room.conntrack.list()).toEqual([])
  expect(await room.conntrack.createMany([])).toMatchObject({ created: 0 })
})

describe('where nothing tracks', () => {
  test('an entry is taken and dead, unless requireTracking says so by name', async () => {
    await using lab = await createLab({ namespaces: ['bare'] })
    await using conntrack = await openConntrack({ netns: lab.path('bare') })
    const flow = prepareTcp({ original, nat: { destination: { address: '203.0.113.9' } } })
    await conntrack.create(flow)
    await conntrack.flush()
    const untracked = { code: 'ERR_CONNTRACK_NOT_TRACKING', hint: expect.stringContaining('ct state') }
    await expect(conntrack.create(flow, { requireTracking: true })).rejects.toMatchObject(untracked)
    await expect(conntrack.createMany([flow], { requireTracking: true })).rejects.toMatchObject(untracked)

    await lab.nft('bare', 'add table ip t\nadd chain ip t c\nadd rule ip t c ct state new accept')
    await expect(conntrack.create(flow, { requireTracking: true })).rejects.toMatchObject({
      code: 'ERR_CONNTRACK_NOT_TRACKING',
      hint: expect.stringContaining('nat chains'),
    })
    await conntrack.create({ original: tcp, timeoutSeconds: 60 }, { requireTracking: true })
    await conntrack.flush()
    await lab.nft('bare', 'add chain ip t n { type nat hook prerouting priority -100; }')
    await conntrack.create(flow, { requireTracking: true })
    const other = { ...tcp, source: 'fd00::1', destination: 'fd00::2' }
    await expect(
      conntrack.create({ original: other, timeoutSeconds: 9 }, { requireTracking: true }),
    ).rejects.toMatchObject({ code: 'ERR_CONNTRACK_NOT_TRACKING' })
  })

  test('labels are dropped, and nothing is counted or timed, without an error', async () => {
    await using lab = await createLab({ namespaces: ['bare'] })
    await using conntrack = await openConntrack({ netns: lab.path('bare') })
    await conntrack.create({ original: tcp, timeoutSeconds: 60, labels: Uint8Array.of(1, 0, 0, 0) })
    const flow = (await conntrack.get({ original: tcp }))!
    expect([flow.labels, flow.counters, flow.timestamp]).toEqual([undefined, undefined, undefined])
  })
})

test('of a wrong shape the kernel has words, and the attribute is named', async () => {
  const writer = new PayloadWriter(Uint8Array.of(2, 0, 0, 0))
  const nest = writer.beginNested(1)
  const inner = writer.beginNested(1)
  writer.uint16(1, 5).endNested(inner).endNested(nest)
  writer.uint8(7, 1)
  await using netlink = await openNetlink({ protocol: 12, netns: room.path })
  const message = { type: IPCTNL_MSG_CT_NEW, flags: 0x600, payload: writer.finish() }
  const error = await netlink.request({ ...message, attributeNames: FLOW_ATTRIBUTES }).catch((e) => e)
  expect(
    conntrackError(error, { operation: 'create', flow: { original: tcp, timeoutSeconds: 1 } }),
  ).toMatchObject({
    code: 'ERANGE',
    kernelMessage: 'Attribute failed policy validation',
    attributePath: 'CTA_TIMEOUT',
  })
})
