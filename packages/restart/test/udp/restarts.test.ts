import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { startGenerations } from './generations.js'
import { startPeers } from './peers.js'

test('200 peers talk over three restarts: no datagram is lost, none is answered by another instance or session', async () => {
  await using service = await startGenerations()
  using peers = startPeers(200, service.port)
  await peers.more(1000)
  for (const generation of [1, 2, 3]) {
    await service.restart(generation)
    await peers.more(1000)
  }
  // Those that never say goodbye are still with the first.
  expect(peers.long()).toEqual(new Map([[1, 100]]))
  const newest = await service.counters(4)
  expect(newest.counters.forwarded).toBeGreaterThan(0)
  expect(newest.counters.opened).toBeGreaterThan(0)
  await peers.finish()
  expect(peers.misdelivered).toBe(0)
  for (const generation of [1, 2, 3, 4]) {
    const { sessions, counters } = await service.counters(generation)
    expect(sessions).toBe(0)
    expect(counters).toMatchObject({
      kernelDrops: 0,
      forwardOverflows: 0,
      sendFailures: 0,
      refusedStopping: 0,
    })
  }
})

test('the instance that reads is killed: the one before it reads again, its sessions lose nothing that it could have got', async () => {
  await using service = await startGenerations()
  const peer = createSocket('udp4')
  const heard: string[] = []
  peer.on('message', (message) => heard.push(String(message)))
  const ask = async (text: string) => {
    peer.send(text, service.port, '127.0.0.1')
    await waitFor(() => heard.find((answer) => answer.endsWith(text)), { message: `an answer to ${text}` })
  }
  try {
    await ask('first')
    await service.restart(1)
    await ask('second')
    service.kill(2, 'SIGKILL')
    await ask('third')
    expect(heard).toEqual(['1 0 first', '1 1 second', '1 2 third'])
  } finally {
    peer.close()
  }
})

test('the middle one of three instances is killed: the newest one still gives the oldest what belongs to it', async () => {
  await using service = await startGenerations()
  const peer = createSocket('udp4')
  const heard: string[] = []
  peer.on('message', (message) => heard.push(String(message)))
  try {
    peer.send('first', service.port, '127.0.0.1')
    await once(peer, 'message')
    await service.restart(1)
    await service.restart(2)
    service.kill(2, 'SIGKILL')
    peer.send('second', service.port, '127.0.0.1')
    await once(peer, 'message')
    expect(heard).toEqual(['1 0 first', '1 1 second'])
    expect((await service.counters(3)).counters).toMatchObject({ forwarded: 1, opened: 0 })
  } finally {
    peer.close()
  }
})

test('an old instance is killed: its peers become new ones', async () => {
  await using service = await startGenerations()
  const peer = createSocket('udp4')
  const heard: string[] = []
  peer.on('message', (message) => heard.push(String(message)))
  try {
    peer.send('first', service.port, '127.0.0.1')
    await once(peer, 'message')
    await service.restart(1)
    service.kill(1, 'SIGKILL')
    const reborn = async () => {
      peer.send('second', service.port, '127.0.0.1')
      return heard.some((answer) => answer.startsWith('2 '))
    }
    await waitFor(reborn, { message: 'an answer of the new instance' })
  } finally {
    peer.close()
  }
})

test('a peer whose session in the old instance is over goes to the new one', async () => {
  await using service = await startGenerations()
  const peer = createSocket('udp4')
  try {
    const answerTo = async (text: string) => {
      peer.send(text, service.port, '127.0.0.1')
      return String((await once(peer, 'message'))[0])
    }
    expect(await answerTo('hello')).toBe('1 0 hello')
    await service.restart(1)
    expect(await answerTo('bye')).toBe('1 1 bye')
    expect(await answerTo('again')).toBe('2 0 again')
  } finally {
    peer.close()
  }
})

test('an old instance that does not read costs the new one a bounded amount of memory, and its datagrams are counted', async () => {
  await using service = await startGenerations()
  const peer = createSocket('udp4')
  const stranger = createSocket('udp4')
  try {
    peer.send('hello', service.port, '127.0.0.1')
    await once(peer, 'message')
    await service.restart(1)
    service.kill(1, 'SIGSTOP')
    const overflows = async () => {
      for (let index = 0; index < 20; index++) peer.send(Buffer.alloc(60_000), service.port, '127.0.0.1')
      return (await service.counters(2)).counters.forwardOverflows > 0
    }
    await waitFor(overflows, { timeoutMs: 15_000, message: 'a datagram to be dropped' })
    stranger.send('hello', service.port, '127.0.0.1')
    expect(String((await once(stranger, 'message'))[0])).toBe('2 0 hello')
    service.kill(1, 'SIGCONT')
    const answered = once(peer, 'message')
    await answered
  } finally {
    peer.close()
    stranger.close()
  }
})

test('an old instance that hangs keeps the newest one from reading only for a while', async () => {
  await using service = await startGenerations()
  const peer = createSocket('udp4')
  try {
    await service.restart(1)
    service.kill(1, 'SIGSTOP')
    await service.restart(2)
    peer.send('hello', service.port, '127.0.0.1')
    expect(String((await once(peer, 'message'))[0])).toBe('3 0 hello')
  } finally {
    peer.close()
  }
})
