import { readdirSync } from 'node:fs'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { openUdpServer, type UdpServer, type UdpServerOptions } from '../../src/udp/open-udp-server.js'
import type { UdpSession } from '../../src/udp/udp-session.js'
import { bindTestSocket, connectPeer, inherit, type TestSocket } from './in-process.js'

function openEcho(socket: TestSocket, name: string, options: Partial<UdpServerOptions> = {}): UdpServer {
  return openUdpServer(socket, {
    onSession(session) {
      session.onMessage = (message) => session.send(`${name} ${message}`)
    },
    ...options,
  })
}

test.each([
  ['127.0.0.1', '127.0.0.1', 'IPv4'],
  ['0.0.0.0', '127.0.0.2', 'IPv4'],
  ['::1', '::1', 'IPv6'],
  ['::', '127.0.0.2', 'IPv4'],
  ['::', '::1', 'IPv6'],
])('bound to %s, a peer that writes to %s is answered from there', async (bound, written, family) => {
  using socket = bindTestSocket(bound)
  using server = openEcho(socket, 'server')
  using peer = await connectPeer(socket.port, written)
  expect(await peer.ask('hello')).toBe('server hello')
  const [session] = server.sessions
  expect(session!.peer).toMatchObject({ family, localAddress: written })
  expect(session!.peer.address).toBe(family === 'IPv4' ? '127.0.0.1' : '::1')
  const { silentMs } = session!
  expect(session!.ageMs).toBeGreaterThanOrEqual(silentMs)
})

test('a message may be empty, and as long as UDP allows', async () => {
  using socket = bindTestSocket()
  const lengths: number[] = []
  using server = openUdpServer(socket, {
    onSession(session) {
      session.onMessage = (message) => {
        lengths.push(message.length)
        session.send(message)
      }
    },
  })
  using peer = await connectPeer(socket.port)
  expect(await peer.ask(Buffer.alloc(0))).toBe('')
  expect(await peer.ask(Buffer.alloc(65_507))).toHaveLength(65_507)
  expect(lengths).toEqual([0, 65_507])
  const [session] = server.sessions
  expect(() => session!.send(Buffer.alloc(65_508))).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
})

test('above maxSessions strangers are refused and counted, and taken again when a session has ended', async () => {
  using socket = bindTestSocket()
  using server = openEcho(socket, 'server', { maxSessions: 1 })
  using first = await connectPeer(socket.port)
  using second = await connectPeer(socket.port)
  await first.ask('hello')
  second.send('hello')
  await waitFor(() => server.counters.refusedLimit === 1)
  for (const session of server.sessions) session.close()
  expect(await second.ask('hello')).toBe('server hello')
  expect(second.heard).toHaveLength(1)
})

test('a flood from strangers makes no more than maxSessions, and each refusal is counted', async () => {
  using socket = bindTestSocket()
  using server = openEcho(socket, 'server', { maxSessions: 10, receiveBufferBytes: 8 * 1024 * 1024 })
  const strangers = await Promise.all(Array.from({ length: 300 }, () => connectPeer(socket.port)))
  try {
    for (const stranger of strangers) for (let index = 0; index < 5; index++) stranger.send('flood')
    await waitFor(() => server.counters.received === 1500)
    const { opened, delivered, refusedLimit } = server.counters
    expect({ opened, delivered, refusedLimit }).toEqual({ opened: 10, delivered: 50, refusedLimit: 1450 })
    expect(server.sessions.size).toBe(10)
  } finally {
    for (const stranger of strangers) stranger[Symbol.dispose]()
  }
})

test('who accept does not want gets no session', async () => {
  using socket = bindTestSocket()
  const asked: string[] = []
  using server = openEcho(socket, 'server', {
    accept(message, peer) {
      asked.push(`${message} from ${peer.address}`)
      return String(message) === 'please'
    },
  })
  using peer = await connectPeer(socket.port)
  peer.send('now')
  expect(await peer.ask('please')).toBe('server please')
  await peer.ask('more')
  expect(asked).toEqual(['now from 127.0.0.1', 'please from 127.0.0.1'])
  expect(server.counters.refusedByFilter).toBe(1)
})

test('a silent session ends after idleMs', async () => {
  using socket = bindTestSocket()
  const reasons: string[] = []
  using server = openUdpServer(socket, {
    onSession(session) {
      session.onClose = (reason) => reasons.push(reason)
    },
    idleMs: 20,
  })
  using peer = await connectPeer(socket.port)
  peer.send('hello')
  await waitFor(() => reasons.length === 1)
  expect(reasons).toEqual(['idle'])
  expect(server.counters).toMatchObject({ opened: 1, idle: 1, unheard: 1 })
})

test('whenEmpty waits for the last session, and no longer than it is told', async () => {
  using socket = bindTestSocket()
  using server = openEcho(socket, 'server')
  await server.whenEmpty()
  using peer = await connectPeer(socket.port)
  await peer.ask('hello')
  await expect(server.whenEmpty({ timeoutMs: 1 })).rejects.toMatchObject({ code: 'ERR_RESTART_TIMED_OUT' })
  const empty = server.whenEmpty()
  for (const session of server.sessions) session.close()
  await empty
})

test('without a successor, strangers are refused while there are sessions, and then left in the socket', async () => {
  using socket = bindTestSocket()
  using old = openEcho(socket, 'old')
  using known = await connectPeer(socket.port)
  using stranger = await connectPeer(socket.port)
  await known.ask('hello')
  old.stopAccepting()
  stranger.send('lost')
  await waitFor(() => old.counters.refusedStopping === 1)
  expect(await known.ask('still')).toBe('old still')
  for (const session of old.sessions) session.close()
  const answer = stranger.ask('kept')
  using _next = openEcho(socket, 'next')
  expect(await answer).toBe('next kept')
  expect(old.counters.refusedStopping).toBe(1)
})

test('1,000 sessions stay with the old instance', async () => {
  using socket = bindTestSocket()
  using old = openEcho(socket, 'old', { receiveBufferBytes: 8 * 1024 * 1024 })
  const peers = await Promise.all(Array.from({ length: 1000 }, () => connectPeer(socket.port)))
  try {
    await Promise.all(peers.map((peer) => peer.ask('hello')))
    using next = openEcho(socket, 'next', { predecessor: inherit(old.prepareSuccessor()) })
    old.stopAccepting()
    await next.started
    expect(new Set(await Promise.all(peers.map((peer) => peer.ask('more'))))).toEqual(new Set(['old more']))
    expect(next.counters).toMatchObject({ forwarded: 1000, opened: 0 })
    old.close()
    // What the link has told before its end is dealt with.
    await waitFor(async () => (await peers[0]!.ask('again')) === 'next again')
  } finally {
    for (const peer of peers) peer[Symbol.dispose]()
  }
})

test('a successor does not read before its turn', async () => {
  using socket = bindTestSocket()
  using old = openEcho(socket, 'old')
  using next = openEcho(socket, 'next', { predecessor: inherit(old.prepareSuccessor()) })
  using peer = await connectPeer(socket.port)
  for (let index = 0; index < 50; index++) expect(await peer.ask('hello')).toBe('old hello')
  expect(next.state).toBe('waiting')
  expect(next.counters.received).toBe(0)
})

test('a succession that is cancelled leaves the old instance as it was, and the other one never reads', async () => {
  using socket = bindTestSocket()
  using old = openEcho(socket, 'old')
  const succession = old.prepareSuccessor()
  expect(() => old.prepareSuccessor()).toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_UDP_NOT_READING' }),
  )
  using next = openEcho(socket, 'next', { predecessor: inherit(succession) })
  succession.cancel()
  await waitFor(() => next.state === 'closed')
  using peer = await connectPeer(socket.port)
  expect(await peer.ask('hello')).toBe('old hello')
  using third = openEcho(socket, 'third', { predecessor: inherit(old.prepareSuccessor()) })
  old.stopAccepting()
  await third.started
  using stranger = await connectPeer(socket.port)
  expect(await stranger.ask('hello')).toBe('third hello')
  expect(await peer.ask('hello')).toBe('old hello')
})

test('a successor that never opens its server is no successor', async () => {
  using socket = bindTestSocket()
  using old = openEcho(socket, 'old')
  const fds = inherit(old.prepareSuccessor())
  old.stopAccepting()
  for (const fd of fds) binding().closeFd(fd)
  await waitFor(() => old.state === 'reading')
  old.resumeAccepting()
  using peer = await connectPeer(socket.port)
  expect(await peer.ask('hello')).toBe('old hello')
})

test('an old instance that resumes gets the socket back, and the new one keeps its sessions', async () => {
  using socket = bindTestSocket()
  using old = openEcho(socket, 'old')
  using first = await connectPeer(socket.port)
  await first.ask('hello')
  using next = openEcho(socket, 'next', { predecessor: inherit(old.prepareSuccessor()) })
  old.stopAccepting()
  await next.started
  using second = await connectPeer(socket.port)
  expect(await second.ask('hello')).toBe('next hello')
  old.resumeAccepting()
  await waitFor(() => old.state === 'reading')
  expect(next.state).toBe('handed')
  using third = await connectPeer(socket.port)
  expect(await third.ask('hello')).toBe('old hello')
  expect(await first.ask('hello')).toBe('old hello')
  expect(await second.ask('hello')).toBe('next hello')
})

test('a session that is closed in its own callback does not disturb those behind it', async () => {
  using socket = bindTestSocket()
  using server = openUdpServer(socket, {
    onSession(session) {
      session.onMessage = () => {
        session.send('once')
        session.close()
        expect(session.send('never')).toBe(false)
      }
    },
  })
  using peer = await connectPeer(socket.port)
  for (let index = 0; index < 10; index++) peer.send('hello')
  await waitFor(() => peer.heard.length === 10)
  expect(server.counters.opened).toBe(10)
})

test('a server may be closed in a callback, with more to read', async () => {
  using socket = bindTestSocket()
  const closed: UdpSession[] = []
  const server = openUdpServer(socket, {
    onSession(session) {
      session.onClose = () => closed.push(session)
      session.onMessage = () => server.close()
    },
  })
  using peer = await connectPeer(socket.port)
  for (let index = 0; index < 10; index++) peer.send('hello')
  await waitFor(() => server.state === 'closed')
  expect(closed).toHaveLength(1)
  server.close()
  expect(server.counters.opened).toBe(1)
})

test('a session that is closed when it begins gets no message after its end', async () => {
  using socket = bindTestSocket()
  const told: string[] = []
  using server = openUdpServer(socket, {
    onSession(session) {
      session.onMessage = () => told.push('message')
      session.onClose = () => told.push('close')
      session.close()
    },
  })
  using peer = await connectPeer(socket.port)
  peer.send('hello')
  await waitFor(() => server.counters.received === 1)
  expect(told).toEqual(['close'])
  expect(server.counters).toMatchObject({ opened: 1, delivered: 0, unheard: 1 })
  expect(server.sessions.size).toBe(0)
})

test.each([
  ['a socket that is not UDP', 'stream', []],
  ['a predecessor that is none', 'dgram', ['file']],
  ['a descriptor that is closed', 'dgram', ['closed']],
])('what comes from the predecessor is closed also when it is refused for %s', (_, type, more) => {
  using udp = bindTestSocket()
  using old = openEcho(udp, 'old')
  const tcp = binding().listenTcp('127.0.0.1', 0, 1, 0)
  const before = readdirSync('/proc/self/fd').length
  const succession = old.prepareSuccessor()
  const fds = inherit(succession)
  if (more[0] === 'file') fds.push(binding().memoryFile('none', 0))
  if (more[0] === 'closed') fds.push(19_999)
  const { fd } = type === 'dgram' ? udp : { fd: tcp }
  expect(() => openUdpServer({ fd }, { onSession() {}, predecessor: fds })).toThrow(
    expect.objectContaining({ name: 'RestartError' }),
  )
  succession.cancel()
  expect(readdirSync('/proc/self/fd').length).toBe(before)
  binding().closeFd(tcp)
})

test('wrong arguments are told apart', () => {
  using socket = bindTestSocket()
  const onSession = () => {}
  const cases: [() => unknown, string][] = [
    [() => openUdpServer(socket, { onSession, idle: 1 } as never), 'ERR_INVALID_ARG_VALUE'],
    [() => openUdpServer(socket, {} as never), 'ERR_INVALID_ARG_TYPE'],
    [() => openUdpServer(socket, { onSession, maxSessions: -1 }), 'ERR_INVALID_ARG_VALUE'],
    [() => openUdpServer(socket, { onSession, predecessor: ['3'] as never }), 'ERR_INVALID_ARG_TYPE'],
    [() => openUdpServer({ fd: 'x' } as never, { onSession }), 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [call, code] of cases) expect(call).toThrow(expect.objectContaining({ code }))
  const tcp = binding().listenTcp('127.0.0.1', 0, 1, 0)
  try {
    expect(() => openUdpServer({ fd: tcp }, { onSession })).toThrow(
      expect.objectContaining({ code: 'EPROTOTYPE' }),
    )
  } finally {
    binding().closeFd(tcp)
  }
})
