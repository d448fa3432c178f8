import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { openUdpResponder, type UdpRequest } from '../../src/udp/open-udp-responder.js'
import { bindTestSocket, connectPeer, inherit } from './in-process.js'

test('requests are answered by exactly one instance over restarts, and none is lost', async () => {
  using socket = bindTestSocket()
  using peer = await connectPeer(socket.port)
  const answerAs = (name: number) => (request: UdpRequest) => {
    request.answer(`${name} ${request.message}`)
  }
  const responders = [
    openUdpResponder(socket, { onRequest: answerAs(0), receiveBufferBytes: 8 * 1024 * 1024 }),
  ]
  try {
    let sent = 0
    for (let restart = 1; restart <= 4; restart++) {
      for (let index = 0; index < 50; index++) peer.send(String(sent++))
      const old = responders.at(-1)!
      const next = openUdpResponder(socket, {
        onRequest: answerAs(restart),
        predecessor: inherit(old.prepareSuccessor()),
      })
      responders.push(next)
      for (let index = 0; index < 25; index++) peer.send(String(sent++))
      old.stopAccepting()
      for (let index = 0; index < 25; index++) peer.send(String(sent++))
      await next.started
      // The peer's own buffer must not be what loses an answer.
      await waitFor(() => peer.heard.length >= sent)
    }
    const numbers = peer.heard.map((answer) => Number(answer.split(' ')[1]))
    expect(numbers).toEqual(Array.from({ length: sent }, (_, index) => index))
    expect(responders.map(({ counters }) => counters.forwarded)).toEqual([0, 0, 0, 0, 0])
  } finally {
    for (const responder of responders) responder.close()
  }
})

test('what comes after stopAccepting waits in the socket, and what was read can be answered later', async () => {
  using socket = bindTestSocket()
  using peer = await connectPeer(socket.port)
  const requests: UdpRequest[] = []
  using old = openUdpResponder(socket, { onRequest: (request) => requests.push(request) })
  peer.send('early')
  await waitFor(() => requests.length === 1)
  old.stopAccepting()
  peer.send('late')
  using _next = openUdpResponder(socket, {
    onRequest: (request) => request.answer(`next ${request.message}`),
  })
  await waitFor(() => peer.heard.length === 1)
  expect(requests[0]!.answer(`old ${requests[0]!.message}`)).toBe(true)
  await waitFor(() => peer.heard.length === 2)
  expect(peer.heard).toEqual(['next late', 'old early'])
  old.close()
  expect(requests[0]!.answer('too late')).toBe(false)
})

test('a request that was read in one go with the one whose answer stopped the responder is answered too', async () => {
  using socket = bindTestSocket()
  using peer = await connectPeer(socket.port)
  for (let index = 0; index < 20; index++) peer.send(String(index))
  const old = openUdpResponder(socket, {
    onRequest(request) {
      old.stopAccepting()
      request.answer(`old ${request.message}`)
    },
  })
  try {
    await waitFor(() => old.counters.received > 0)
    using next = openUdpResponder(socket, {
      onRequest: (request) => request.answer(`next ${request.message}`),
    })
    await waitFor(() => peer.heard.length === 20)
    expect(old.counters.refusedStopping + next.counters.refusedStopping).toBe(0)
  } finally {
    old.close()
  }
})
