import { type NetlinkConnection, readAttributes } from '@slatfatf/netlink'
import { createFakeNetlink, type FakeAnswer, type FakeRequest } from '@slatfatf/netlink/fake'
import { describe, expect, test } from 'vitest'
import { captured } from '../../test/captured.js'
import { IPCTNL_MSG_CT_DELETE, IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_NEW } from '../codec/constants.js'
import { decodeFlow } from '../codec/decode-flow.js'
import { Conntrack } from './conntrack.js'
import { sessionOn } from './session.js'

const CTA_TUPLE_ORIG = 1
const CTA_STATUS = 3
const CTA_ID = 12
const CTA_ZONE = 18
const CTA_FILTER = 25

const table = ['tcp', 'udp', 'tcp6', 'zone', 'icmp']
const replies = table.map((name) => {
  const { buffer, byteOffset, byteLength } = captured(name)
  return { type: IPCTNL_MSG_CT_NEW, payload: new Uint8Array(buffer, byteOffset, byteLength) }
})

/** A kernel of those years: whatever it does not know of a filter it ignores. */
function kernel(knows: { status: boolean; zone: boolean; tupleFlush: boolean }) {
  const deleted: number[] = []
  const flushes: FakeRequest[] = []
  const answer = (request: FakeRequest): FakeAnswer | undefined => {
    const attributes = attributesOf(request)
    if (request.type === IPCTNL_MSG_CT_GET) {
      if (knows.status && attributes.has(CTA_STATUS) && !attributes.has(26)) return { error: 'EINVAL' }
      return { replies, filtered: knows.zone && attributes.has(CTA_ZONE) }
    }
    if (request.type !== IPCTNL_MSG_CT_DELETE) return undefined
    const isByTuple = attributes.has(CTA_TUPLE_ORIG) && !(knows.tupleFlush && attributes.has(CTA_FILTER))
    if (!isByTuple) flushes.push(request)
    else if (attributes.has(CTA_ID)) deleted.push(attributes.get(CTA_ID)!)
    else return { error: 'EINVAL' }
    return undefined
  }
  const { connection } = createFakeNetlink({ answer })
  const open = async (): Promise<NetlinkConnection> => createFakeNetlink({ answer }).connection
  return { conntrack: new Conntrack(sessionOn(connection, open)), deleted, flushes }
}

function attributesOf({ payload }: FakeRequest): Map<number, number> {
  const found = new Map<number, number>()
  for (const a = readAttributes(payload, 4); a.next(); ) found.set(a.type, a.length === 4 ? a.uint32BE() : 0)
  return found
}

const idOf = (name: string) => decodeFlow(captured(name)).id!

describe('a kernel that would ignore a part of the filter is never told to flush by it', () => {
  const old = { status: false, zone: false, tupleFlush: false }

  test('the status, before Linux 5.15', async () => {
    const { conntrack, deleted, flushes } = kernel(old)
    expect(await conntrack.flush({ status: { set: ['SEEN_REPLY'] } })).toEqual({
      method: 'one-by-one',
      deleted: 1,
      alreadyGone: 0,
    })
    expect(deleted).toEqual([idOf('udp')])
    expect(flushes).toEqual([])
  })

  test('the zone, before Linux 6.8', async () => {
    const { conntrack, deleted, flushes } = kernel({ ...old, status: true })
    expect(await conntrack.flush({ zone: 5 })).toMatchObject({ method: 'one-by-one', deleted: 1 })
    expect(deleted).toEqual([idOf('zone')])
    expect(flushes).toEqual([])
  })

  test('the tuple, before Linux 6.12', async () => {
    const { conntrack, deleted, flushes } = kernel({ ...old, status: true, zone: true })
    expect(await conntrack.flush({ family: 4, protocol: 'tcp' })).toMatchObject({ deleted: 2 })
    expect(deleted).toEqual([idOf('tcp'), idOf('zone')])
    expect(flushes).toEqual([])
  })

  test('what it knows it is told to flush by', async () => {
    const { conntrack, deleted, flushes } = kernel({ ...old, status: true, zone: true })
    expect(await conntrack.flush({ zone: 5 })).toEqual({ method: 'kernel' })
    expect(await conntrack.flush({ status: { set: ['SEEN_REPLY'] } })).toEqual({ method: 'kernel' })
    expect(await conntrack.flush({ mark: 7 })).toEqual({ method: 'kernel' })
    expect(deleted).toEqual([])
    expect(flushes.length).toBe(3)
  })
})

test('a zone without an entry proves nothing about the kernel, and what is born meanwhile is not flushed', async () => {
  const flushes: FakeRequest[] = []
  const answer = (request: FakeRequest): FakeAnswer | undefined => {
    if (request.type === IPCTNL_MSG_CT_DELETE && attributesOf(request).has(CTA_ZONE)) flushes.push(request)
    return undefined
  }
  const open = async () => createFakeNetlink({ answer }).connection
  const conntrack = new Conntrack(sessionOn(await open(), open))
  expect(await conntrack.flush({ zone: 9 })).toEqual({ method: 'one-by-one', deleted: 0, alreadyGone: 0 })
  expect(flushes).toEqual([])
})

test('counters of entries outside of the filter are not set to zero by a kernel that ignores it', async () => {
  const { conntrack } = kernel({ status: false, zone: false, tupleFlush: false })
  const options = { zeroCounters: true }
  await expect(conntrack.list({ zone: 3 }, options)).rejects.toMatchObject({ code: 'ENOTSUP' })
  await expect(conntrack.list({ status: { set: ['ASSURED'] } }, options)).rejects.toMatchObject({
    code: 'ENOTSUP',
  })
})

test('a handle that is closed says so once, and blames no entry', async () => {
  const { connection } = createFakeNetlink()
  const conntrack = new Conntrack(sessionOn(connection, async () => connection))
  await conntrack.close()
  const closed = { code: 'ERR_NETLINK_CLOSED', operation: 'create many', flow: undefined }
  await expect(conntrack.createMany([])).rejects.toMatchObject(closed)
  const { original } = decodeFlow(captured('tcp'))
  await expect(conntrack.createMany([{ original, timeoutSeconds: 1 }])).rejects.toMatchObject({
    ...closed,
    message: 'create many: the netlink socket is closed',
  })
})

test('a kernel that refuses the flags of a filter is asked for everything, and what it returns is compared here', async () => {
  const answer = (request: FakeRequest): FakeAnswer =>
    attributesOf(request).has(CTA_FILTER) ? { error: 'ENOTSUP' } : { replies }
  const open = async () => createFakeNetlink({ answer }).connection
  const conntrack = new Conntrack(sessionOn(await open(), open))
  const flows = await conntrack.list({ family: 4, protocol: 'udp' })
  expect(flows.map(({ id }) => id)).toEqual([idOf('udp')])
})

test('an answer that was lost makes an entry unknown, never created', async () => {
  const { connection } = createFakeNetlink({ answer: () => ({ lost: true }) })
  const conntrack = new Conntrack(sessionOn(connection, async () => connection))
  const { original } = decodeFlow(captured('tcp'))
  const result = await conntrack.createMany([{ original, timeoutSeconds: 5 }])
  expect(result).toMatchObject({ outcomes: ['unknown'], created: 0, unknown: 1 })
  expect(result.errors.get(0)).toMatchObject({ code: 'ENOBUFS', hint: expect.stringContaining('read') })
})
