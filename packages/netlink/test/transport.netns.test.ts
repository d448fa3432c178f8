import { execFileSync } from 'node:child_process'
import { createLab, type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadBinding } from '../src/binding.js'
import {
  NETLINK_GENERIC,
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  type NetlinkConnection,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_CREATE,
  NLM_F_EXCL,
  openNetlink,
  PayloadWriter,
  readAttributes,
} from '../src/index.js'

const RTM_NEWADDR = 20
const RTM_GETLINK = 18
const RTM_NEWROUTE = 24
const RTM_GETROUTE = 26
const RTNLGRP_IPV4_IFADDR = 5
const GROUP_BEYOND_32 = 36

// host: lo only
let lab: Lab
beforeAll(async () => {
  lab = await createLab({ namespaces: ['host'] })
})
afterAll(() => lab.close())

async function withConnection<T>(
  options: { groups?: number[]; receiveBufferBytes?: number },
  use: (connection: NetlinkConnection) => Promise<T>,
): Promise<T> {
  const netns = lab.path('host')
  const connection = await openNetlink({ protocol: NETLINK_ROUTE, netns, ...options })
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}

/** An unreachable IPv4 route to one address. */
function routeRequest(table: number, number: number): NetlinkRequest {
  const header = Uint8Array.of(2, 32, 0, 0, 0, 4, 0, 7, 0, 0, 0, 0)
  const address = Uint8Array.of(10, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff)
  const payload = new PayloadWriter(header).uint32(15, table).bytes(1, address).finish()
  return { type: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_EXCL, payload }
}

function routesOf(table: number): NetlinkRequest {
  const payload = new PayloadWriter(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    .uint32(15, table)
    .finish()
  return { type: RTM_GETROUTE, payload }
}

function destination({ payload }: NetlinkMessage): string | undefined {
  for (const a = readAttributes(payload, 12); a.next(); ) if (a.type === 1) return a.ipAddress()
  return undefined
}

test('a batch of 20,000 requests is carried out, and a dump returns every one of them once', async () => {
  await withConnection({}, async (connection) => {
    const requests = Array.from({ length: 20_000 }, (_, number) => routeRequest(1000, number))
    const refused = (await connection.batch(requests)).filter((error) => error !== undefined)
    expect(refused).toEqual([])
    const destinations = await connection.dump(routesOf(1000), destination)
    expect(destinations.length).toBe(20_000)
    expect(new Set(destinations).size).toBe(20_000)
  })
})

test('a batch goes on after a refusal and names it', async () => {
  await withConnection({}, async (connection) => {
    const requests = [1, 2, 1, 3].map((number) => routeRequest(1001, number))
    const codes = (await connection.batch(requests)).map((error) => error?.code)
    expect(codes).toEqual([undefined, undefined, 'EEXIST', undefined])
    expect((await connection.dump(routesOf(1001), destination)).length).toBe(3)
  })
})

test('a thousand requests made at once are all answered, in spite of the default receive buffer', async () => {
  await withConnection({}, async (connection) => {
    const requests = Array.from({ length: 1_000 }, (_, number) =>
      connection.request(routeRequest(1002, number)),
    )
    await Promise.all(requests)
    const dumps = [1, 2, 3].map(() => connection.dump(routesOf(1002), destination))
    for (const result of await Promise.all(dumps)) expect(result.length).toBe(1_000)
  })
})

test('a refusal carries the words of the kernel and the place of the attribute', async () => {
  const name = 'a-name-that-is-far-too-long'
  const payload = new PayloadWriter(new Uint8Array(16)).text(3, name).finish()
  const request = { type: RTM_GETLINK, payload, operation: 'RTM_GETLINK' }
  await withConnection({}, async (connection) => {
    await expect(connection.request(request)).rejects.toMatchObject({
      code: 'ERANGE',
      operation: 'RTM_GETLINK',
      kernelMessage: expect.any(String),
      attributeOffset: 32,
    })
  })
})

test('an aborted request rejects at once, and the connection goes on', async () => {
  await withConnection({}, async (connection) => {
    const abort = new AbortController()
    const dump = connection.dump(routesOf(1000), destination, { signal: abort.signal })
    abort.abort()
    await expect(dump).rejects.toBe(abort.signal.reason)
    expect((await connection.dump(routesOf(1001), destination)).length).toBe(3)
  })
})

test('an overflow of events is told to the subscriber, and the socket goes on', async () => {
  await withConnection({ groups: [RTNLGRP_IPV4_IFADDR], receiveBufferBytes: 4096 }, async (connection) => {
    const losses: string[] = []
    let events = 0
    connection.subscribe({
      message: ({ type }) => {
        if (type === RTM_NEWADDR) events++
      },
      lost: ({ code }) => losses.push(code),
    })
    // Synchronously, so that nobody reads meanwhile.
    addAddresses(0, 200)
    await waitFor(() => losses.length > 0, { message: 'the overflow' })
    expect(losses[0]).toBe('ENOBUFS')
    expect((await connection.dump(routesOf(1001), destination)).length).toBe(3)
    const before = events
    addAddresses(200, 1)
    await waitFor(() => events > before, { message: 'an event after the overflow' })
    expect(losses.length).toBe(1)
  })

  function addAddresses(first: number, count: number): void {
    const lines = Array.from({ length: count }, (_, i) => `address add 192.0.2.${first + i}/32 dev lo\n`)
    execFileSync('ip', ['-n', lab.name('host'), '-batch', '-'], { input: lines.join('') })
  }
})

test('a group number beyond 32 can be joined', async () => {
  await withConnection({ groups: [GROUP_BEYOND_32] }, async (connection) => {
    expect((await connection.dump(routesOf(1001), destination)).length).toBe(3)
  })
})

test('other protocols can be spoken', async () => {
  const netns = lab.path('host')
  for (const protocol of [NETLINK_GENERIC, NETLINK_NETFILTER]) {
    const connection = await openNetlink({ protocol, netns })
    // CTRL_CMD_GETFAMILY (type 16) of generic netlink; NFNL_SUBSYS_NFTABLES GETGEN of netfilter.
    const request = {
      type: protocol === NETLINK_GENERIC ? 16 : (10 << 8) | 16,
      payload: protocol === NETLINK_GENERIC ? Uint8Array.of(3, 1, 0, 0) : Uint8Array.of(0, 0, 0, 0),
    }
    const lengths = (message: NetlinkMessage) => message.payload.byteLength
    const replies =
      protocol === NETLINK_GENERIC
        ? await connection.dump(request, lengths)
        : await connection.request(request, lengths)
    expect(replies.length).toBeGreaterThan(0)
    await connection.close()
  }
})

test('what cannot be opened says why', async () => {
  await expect(openNetlink({ protocol: NETLINK_ROUTE, netns: '/run/netns/nobody' })).rejects.toMatchObject({
    code: 'ENOENT',
    syscall: 'setns',
    hint: expect.any(String),
  })
  await expect(openNetlink({ protocol: NETLINK_ROUTE, netns: '/dev/null' })).rejects.toMatchObject({
    code: 'EINVAL',
    syscall: 'setns',
  })
  await expect(openNetlink({ protocol: 17 })).rejects.toMatchObject({
    code: 'EPROTONOSUPPORT',
    syscall: 'socket',
    hint: expect.any(String),
  })
  await expect(openNetlink({ protocol: 'route' as never })).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  })
  await expect(openNetlink({ protocol: 99 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
})

test('what another process writes to the socket is not taken for the kernel', async () => {
  const { NetlinkSocket } = loadBinding()
  const netns = lab.path('host')
  const socket = new NetlinkSocket(NETLINK_ROUTE, netns)
  const buffer = new Uint8Array(65_536)
  const outcomes = new Int32Array(16)
  try {
    const script = `
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0, 0))
s.sendto(struct.pack('=IHHII', 20, 2, 0, 1, ${socket.portId()}) + b'\\0' * 4, (${socket.portId()}, 0))
`
    execFileSync('ip', ['netns', 'exec', lab.name('host'), 'python3', '-c', script])
    expect(socket.receive(buffer, outcomes, 32_768)).toBe(-71)
    expect(socket.receive(buffer, outcomes, 32_768)).toBe(-11)
  } finally {
    socket.close()
  }
})
