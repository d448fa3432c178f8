import { closeSync, openSync } from 'node:fs'
import { createLab, type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  type NetlinkConnection,
  type NetlinkMessage,
  type OpenNetlinkOptions,
  openNetlink,
  readAttributes,
} from '../src/index.js'
import { createEntries, deleteAllEntries } from './conntrack-entries.js'

const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const RTM_NEWADDR = 20
const RTNLGRP_LINK = 1
const RTNLGRP_IPV4_IFADDR = 5
const NFNLGRP_CONNTRACK_DESTROY = 3

//  here: lo ── other, as nsid 7
let lab: Lab
const connections: NetlinkConnection[] = []
beforeAll(async () => {
  lab = await createLab({ namespaces: ['here', 'other'] })
  await lab.ip('here', 'netns', 'set', lab.name('other'), '7')
  await lab.ip('other', 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right')
})
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close()
})
afterAll(() => lab.close())

async function open(options: Partial<OpenNetlinkOptions>): Promise<NetlinkConnection> {
  const connection = await openNetlink({ protocol: NETLINK_ROUTE, netns: lab.path('here'), ...options })
  connections.push(connection)
  return connection
}

function linkName({ payload }: NetlinkMessage): string | undefined {
  for (const a = readAttributes(payload, 16); a.next(); ) if (a.type === 3) return a.text()
  return undefined
}

test('a namespace can be given as a descriptor, which may be closed afterwards', async () => {
  const descriptor = openSync(lab.path('other'), 'r')
  const connection = await open({ netns: descriptor })
  closeSync(descriptor)
  const links = await connection.dump({ type: RTM_GETLINK, payload: new Uint8Array(16) }, linkName)
  expect(links.sort()).toEqual(['left', 'lo', 'right'])
})

test('a descriptor that is none, or of something else, is refused with a hint', async () => {
  await expect(open({ netns: 999_999 })).rejects.toMatchObject({ code: 'ENOENT', syscall: 'setns' })
  const descriptor = openSync('/dev/null', 'r')
  await expect(open({ netns: descriptor })).rejects.toMatchObject({
    code: 'EINVAL',
    hint: expect.any(String),
  })
  closeSync(descriptor)
})

test('a receive buffer is as large as asked for, beyond the limit of the system, and grows but never shrinks', async () => {
  const connection = await open({ receiveBufferBytes: 16 << 20 })
  expect(connection.receiveBufferBytes).toBe(16 << 20)
  expect(connection.growReceiveBuffer(32 << 20)).toBe(32 << 20)
  expect(connection.growReceiveBuffer(1 << 20)).toBe(32 << 20)
  await connection.close()
  expect(() => connection.receiveBufferBytes).toThrow(expect.objectContaining({ code: 'ERR_NETLINK_CLOSED' }))
})

test('groups are joined and left while the connection is open', async () => {
  const connection = await open({})
  const seen: number[] = []
  connection.subscribe({ message: ({ type }) => seen.push(type), lost() {} })
  await lab.ip('here', 'link', 'set', 'lo', 'mtu', '1400')
  connection.join(RTNLGRP_LINK)
  await lab.ip('here', 'link', 'set', 'lo', 'mtu', '1401')
  await waitFor(() => seen.length > 0, { message: 'the link event' })
  expect(new Set(seen)).toEqual(new Set([RTM_NEWLINK]))
  connection.leave(RTNLGRP_LINK)
  connection.join(RTNLGRP_IPV4_IFADDR)
  const before = seen.length
  await lab.ip('here', 'link', 'set', 'lo', 'mtu', '1402')
  await lab.ip('here', 'address', 'add', '192.0.2.1/32', 'dev', 'lo')
  await waitFor(() => seen.includes(RTM_NEWADDR), { message: 'the address event' })
  expect(seen.slice(before)).toEqual([RTM_NEWADDR])
})

test('a group that does not exist is refused, and so is one of a closed connection', async () => {
  const connection = await open({})
  expect(() => connection.join(0x7fffffff)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  expect(() => connection.join(-1)).toThrow(RangeError)
  expect(() => connection.leave('1' as never)).toThrow(TypeError)
  await connection.close()
  expect(() => connection.join(1)).toThrow(expect.objectContaining({ code: 'ERR_NETLINK_CLOSED' }))
})

test('events of other namespaces come with the id of theirs, own ones without', async () => {
  const connection = await open({ groups: [RTNLGRP_LINK], allNamespaces: true })
  const seen = new Map<string, number | undefined>()
  connection.subscribe({
    message: (message) => seen.set(String(linkName(message)), message.namespaceId),
    lost() {},
  })
  await lab.ip('other', 'link', 'set', 'left', 'mtu', '1400')
  await lab.ip('here', 'link', 'set', 'lo', 'mtu', '1403')
  await waitFor(() => seen.has('left') && seen.has('lo'), { message: 'both events' })
  expect([seen.get('left'), seen.get('lo')]).toEqual([7, undefined])
})

test('a reliable listener with a tiny buffer hears of every destroyed entry', async () => {
  const listener = await open({
    protocol: NETLINK_NETFILTER,
    groups: [NFNLGRP_CONNTRACK_DESTROY],
    receiveBufferBytes: 4_096,
    reliable: true,
  })
  let destroyed = 0
  const losses: string[] = []
  listener.subscribe({ message: () => destroyed++, lost: ({ code }) => losses.push(code) })
  const writer = await open({ protocol: NETLINK_NETFILTER })
  await createEntries(writer, 200)
  await deleteAllEntries(writer)
  await waitFor(() => destroyed === 200, { message: 'all events', timeoutMs: 20_000 })
  expect(losses).toEqual([])
})

test('what is no option is refused', async () => {
  const wrong = { recvBufferBytes: 1 } as never
  await expect(open(wrong)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  await expect(open({ netns: {} as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  await expect(open({ netns: -1 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  await expect(open({ reliable: 1 as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  await expect(open({ groups: 1 as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
})

test('NODE_DEBUG shows what is sent and received, on standard error', async () => {
  const { pathname } = new URL('./cases/idle.mjs', import.meta.url)
  const { stdout, stderr } = await lab.exec('here', 'env', [
    'NODE_DEBUG=slatfatf-netlink',
    process.execPath,
    pathname,
  ])
  expect(stdout).toBe('lo\n')
  expect(stderr).toMatch(/sends type 18 flags 0x/)
  expect(stderr).toMatch(/receives type 16 .* 3\(3\)=/)
})
