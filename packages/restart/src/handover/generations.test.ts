import { expect, test } from 'vitest'
import { FakeClock, FakeDescriptors, FakeLine, settle } from '../../test/fake-handover.js'
import { Generations } from './generations.js'
import { OlderGeneration } from './older-generation.js'
import { SuccessorLink } from './successor-link.js'

class Pair {
  readonly descriptors = new FakeDescriptors()
  readonly received: [string, number][] = []
  forced = 0
  accepts = true
  readonly link: SuccessorLink
  readonly older: OlderGeneration
  readonly oldEnd: FakeLine
  readonly newEnd: FakeLine

  constructor(generation = 0) {
    ;[this.oldEnd, this.newEnd] = FakeLine.pair(this.descriptors)
    this.link = new SuccessorLink(this.oldEnd, this.descriptors.close, {
      force: () => {
        this.forced += 1
      },
    })
    this.older = this.follow(this.newEnd, generation)
  }

  follow(line: FakeLine, generation = 0): OlderGeneration {
    return new OlderGeneration({ pid: 10 + generation, generation }, line, 0, this.descriptors.close, {
      connections: (server, fds) => {
        if (!this.accepts) return false
        this.received.push([server, fds.length])
        for (const fd of fds) this.descriptors.close(fd)
        return true
      },
      exited: () => {},
    })
  }
}

test('connections that the newer version takes are told to be taken', async () => {
  const pair = new Pair()
  expect(await pair.link.sendConnections('web', [1, 2, 3])).toBe(true)
  expect(pair.received).toEqual([['web', 3]])
})

test('connections that it does not take are closed there, and stay with the older one', async () => {
  const pair = new Pair()
  pair.accepts = false
  expect(await pair.link.sendConnections('web', [1, 2])).toBe(false)
  expect(pair.descriptors.open.size).toBe(2)
})

test('more than fit into one packet are not sent', async () => {
  const pair = new Pair()
  expect(await pair.link.sendConnections('web', Array(251).fill(1))).toBe(false)
  expect(pair.received).toEqual([])
})

test('connections for which the newer version has no room stay with the older one, and the next are tried', async () => {
  const pair = new Pair()
  // The kernel drops them, and the channel says so in place of the message.
  pair.newEnd.failNextReceive('ERR_RESTART_DESCRIPTORS_LOST')
  expect(await pair.link.sendConnections('web', [1])).toBe(false)
  expect(await pair.link.sendConnections('web', [1])).toBe(true)
  expect(pair.received).toEqual([['web', 1]])
})

test('when the newer version is gone nothing waits for it', async () => {
  const pair = new Pair()
  await pair.older.suspend()
  const sending = pair.link.sendConnections('web', [1])
  pair.newEnd.close()
  expect(await sending).toBe(false)
  expect(await pair.link.sendConnections('web', [1])).toBe(false)
  await pair.link.drained({})
})

test('the report of an older version is known before its end', async () => {
  const pair = new Pair()
  await pair.link.drained({ clean: true })
  await settle()
  expect(pair.older.report).toEqual({ clean: true })
  expect(pair.older.hasExited).toBe(false)
  pair.oldEnd.close()
  await pair.older.exited
  expect(pair.older.hasExited).toBe(true)
})

test('a channel that changes hands loses nothing that was sent meanwhile', async () => {
  const pair = new Pair()
  await pair.older.suspend()
  const sending = pair.link.sendConnections('web', [1])
  await settle()
  expect(pair.received).toEqual([])
  // The newest version has the other end now.
  const next = pair.follow(pair.newEnd)
  expect(await sending).toBe(true)
  expect(next.hasExited).toBe(false)
})

test('a hand-over that did not come about is gone on with', async () => {
  const pair = new Pair()
  await pair.older.suspend()
  pair.older.resume()
  expect(await pair.link.sendConnections('web', [1])).toBe(true)
})

test('beyond the bound the oldest is told to end, and killed if it does not', async () => {
  const clock = new FakeClock()
  const killed: number[] = []
  const generations = new Generations(2, clock.timer, (pid) => killed.push(pid))
  const pairs = [new Pair(2), new Pair(0), new Pair(1)]
  for (const { older } of pairs) generations.add(older)
  await settle()
  expect(pairs.map(({ forced }) => forced)).toEqual([0, 1, 0])
  await clock.advance(5_000)
  expect(killed).toEqual([10])
  pairs[1]!.oldEnd.close()
  await settle()
  expect(generations.all.map(({ generation }) => generation)).toEqual([2, 1])
})

test('one that ends when it is told to is not killed', async () => {
  const clock = new FakeClock()
  const killed: number[] = []
  const generations = new Generations(0, clock.timer, (pid) => killed.push(pid))
  const pair = new Pair()
  generations.add(pair.older)
  await settle()
  pair.oldEnd.close()
  await clock.advance(10_000)
  expect(killed).toEqual([])
})
