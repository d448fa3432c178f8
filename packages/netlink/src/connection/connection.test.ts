import { expect, test, vi } from 'vitest'
import {
  acknowledge,
  done,
  error,
  event,
  part,
  ScriptedKernel,
  type Sent,
} from '../../test/scripted-kernel.js'
import type { NetlinkMessage } from '../codec/message.js'
import { MAX_DUMP_ATTEMPTS, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR } from '../constants.js'
import { malformedError } from '../errors/netlink-error.js'
import { NetlinkConnection } from './connection.js'

const ENOBUFS = -105
const value = ({ payload }: NetlinkMessage) => payload.getUint8(0)
const lost = (code: string) => expect.objectContaining({ code })

/** Answers the n-th dump as the n-th script says; the last one from then on. */
function dumps(...scripts: ((request: Sent, kernel: ScriptedKernel) => void)[]) {
  let attempt = 0
  return new ScriptedKernel((request, kernel) => {
    if ((request.flags & NLM_F_DUMP) === NLM_F_DUMP) {
      scripts[Math.min(attempt++, scripts.length - 1)]!(request, kernel)
    } else acknowledge(request, kernel)
  })
}

const goodDump = (request: Sent, kernel: ScriptedKernel) => {
  kernel.reply(request, part(1), part(2))
  kernel.reply(request, part(3), done())
}

test('an answer reaches its request, in whatever order answers come', async () => {
  const requests: Sent[] = []
  const kernel = new ScriptedKernel((request) => requests.push(request))
  const connection = new NetlinkConnection(kernel)
  const first = connection.request({ type: 100 }, value)
  const second = connection.request({ type: 101 }, value)
  for (const request of requests.reverse()) kernel.reply(request, part(request.type), error(0))
  expect(await Promise.all([first, second])).toEqual([[100], [101]])
})

test('of a thousand requests made at once 64 are in flight, and all are answered', async () => {
  const held: Sent[] = []
  let most = 0
  const kernel = new ScriptedKernel((request) => {
    held.push(request)
    most = Math.max(most, held.length)
    setImmediate(() => kernel.reply(held.splice(held.indexOf(request), 1)[0]!, error(0)))
  })
  const connection = new NetlinkConnection(kernel)
  await Promise.all(Array.from({ length: 1_000 }, () => connection.request({ type: 100 })))
  expect(most).toBe(64)
})

test('dumps wait for one another, requests do not wait for a dump', async () => {
  const started: Sent[] = []
  const kernel = dumps((request) => started.push(request))
  const connection = new NetlinkConnection(kernel)
  const first = connection.dump({ type: 100 }, value)
  const second = connection.dump({ type: 101 }, value)
  await connection.request({ type: 102 })
  expect(started.map(({ type }) => type)).toEqual([100])
  goodDump(started[0]!, kernel)
  await first
  goodDump(started[1]!, kernel)
  expect(await second).toEqual([1, 2, 3])
})

test('an interrupted dump is made anew, and what it gave is forgotten', async () => {
  const kernel = dumps((request, k) => k.reply(request, part(9, NLM_F_DUMP_INTR), done()), goodDump)
  const onRestart = vi.fn()
  expect(await new NetlinkConnection(kernel).dump({ type: 100 }, value, { onRestart })).toEqual([1, 2, 3])
  expect(onRestart).toHaveBeenCalledTimes(1)
})

test('a dump that is interrupted every time is given up', async () => {
  const kernel = dumps((request, k) => k.reply(request, part(1), done(NLM_F_DUMP_INTR)))
  await expect(new NetlinkConnection(kernel).dump({ type: 100 }, value)).rejects.toMatchObject({
    code: 'ERR_NETLINK_DUMP_INTERRUPTED',
  })
  expect(kernel.sent.length).toBe(MAX_DUMP_ATTEMPTS)
})

test('a datagram larger than the buffer makes the buffer grow and the dump start anew', async () => {
  const large = { ...part(7), payload: new Uint8Array(1 << 20).fill(7) }
  const kernel = dumps((request, k) => {
    k.reply(request, part(1), large)
    k.reply(request, done())
  })
  expect(await new NetlinkConnection(kernel).dump({ type: 100 }, value)).toEqual([1, 7])
  expect(kernel.sent.length).toBe(2)
})

test('a dump whose end was cut off is made anew, not waited for', async () => {
  const large = { ...part(7), payload: new Uint8Array(1 << 20) }
  const kernel = dumps((request, k) => k.reply(request, large, done()), goodDump)
  expect(await new NetlinkConnection(kernel).dump({ type: 100 }, value)).toEqual([1, 2, 3])
})

test('an overflow of events does not touch a dump that goes on', async () => {
  const kernel = dumps((request, k) => {
    k.reply(request, part(1))
    k.queue(ENOBUFS)
    k.reply(request, part(2), done())
  })
  expect(await new NetlinkConnection(kernel).dump({ type: 100 }, value)).toEqual([1, 2])
})

test('a request whose answer was lost is rejected with ENOBUFS, one whose answer came is not', async () => {
  const kernel = new ScriptedKernel((request, k) => {
    if (request.type === 100) k.queue(ENOBUFS)
    else acknowledge(request, k)
  })
  const connection = new NetlinkConnection(kernel)
  const [unanswered, answered] = await Promise.allSettled([
    connection.request({ type: 100 }),
    connection.request({ type: 101 }),
  ])
  expect(unanswered).toMatchObject({ status: 'rejected', reason: { code: 'ENOBUFS' } })
  expect(answered).toMatchObject({ status: 'fulfilled' })
  await connection.request({ type: 102 })
})

test('a loss in the very last datagram of a long read is noticed without another wake-up', async () => {
  const kernel = new ScriptedKernel((_, k) => {
    k.queue(...Array.from({ length: 8 * 64 - 1 }, () => event(1)), ENOBUFS)
  })
  await expect(new NetlinkConnection(kernel).request({ type: 100 })).rejects.toMatchObject({
    code: 'ENOBUFS',
  })
})

test('a batch asks for one acknowledgement a datagram, and tells which requests were refused', async () => {
  const kernel = new ScriptedKernel((request, k) => {
    if (request.type === 103) k.reply(request, error(-17))
    else acknowledge(request, k)
  })
  const requests = Array.from({ length: 150 }, (_, index) => ({ type: 100 + index }))
  const results = await new NetlinkConnection(kernel).batch(requests)
  expect(results.map((result) => result?.code)).toEqual(
    requests.map(({ type }) => (type === 103 ? 'EEXIST' : undefined)),
  )
  expect(kernel.datagramSizes).toEqual([128, 22])
  expect(kernel.sent.filter(({ flags }) => (flags & NLM_F_ACK) !== 0).length).toBe(2)
})

test('after an overflow a batch calls unknown what it cannot know', async () => {
  const kernel = new ScriptedKernel((request, k) => {
    if (request.type === 101) k.reply(request, error(-17))
    if (request.type === 102) k.queue(ENOBUFS)
    acknowledge(request, k)
  })
  const requests = [100, 101, 102, 103].map((type) => ({ type }))
  const results = await new NetlinkConnection(kernel).batch(requests)
  expect(results.map((result) => result?.code)).toEqual(['ENOBUFS', 'EEXIST', 'ENOBUFS', undefined])
})

test('an empty batch is done at once', async () => {
  expect(await new NetlinkConnection(new ScriptedKernel()).batch([])).toEqual([])
})

test('a subscriber gets events and losses, and a request under way is not mistaken for one', async () => {
  const kernel = new ScriptedKernel()
  const connection = new NetlinkConnection(kernel)
  const seen: (number | string)[] = []
  const unsubscribe = connection.subscribe({
    message: (message) => seen.push(value(message)),
    lost: ({ code }) => seen.push(code),
  })
  const oversized = new Uint8Array(1 << 20)
  kernel.queue(event(1), ENOBUFS, event(2), Uint8Array.of(1, 2, 3), event(3), oversized, event(4))
  await connection.request({ type: 100 })
  expect(seen).toEqual([1, 'ENOBUFS', 2, 'ERR_NETLINK_MALFORMED', 3, 'ERR_NETLINK_TRUNCATED', 4])
  unsubscribe()
  kernel.queue(event(5))
  await connection.request({ type: 100 })
  expect(seen.length).toBe(7)
})

test('an event that somebody with the same port number caused in another namespace is told', async () => {
  const kernel = new ScriptedKernel()
  const connection = new NetlinkConnection(kernel)
  const seen: number[] = []
  connection.subscribe({ message: (message) => seen.push(value(message)), lost() {} })
  kernel.reply({ type: 100, flags: 0, sequence: 1_700_000_000 }, part(1))
  await connection.request({ type: 100 })
  expect(seen).toEqual([1])
})

test('a decoder that throws rejects its own request and no other', async () => {
  const kernel = new ScriptedKernel((request, k) => k.reply(request, part(1), error(0)))
  const connection = new NetlinkConnection(kernel)
  const [bad, good] = await Promise.allSettled([
    connection.request({ type: 100 }, () => {
      throw malformedError('test')
    }),
    connection.request({ type: 101 }, value),
  ])
  expect(bad).toMatchObject({ reason: { code: 'ERR_NETLINK_MALFORMED' } })
  expect(good).toMatchObject({ value: [1] })
})

test('an abort rejects with its reason, and the late answer disturbs nobody', async () => {
  const started: Sent[] = []
  const kernel = dumps((request) => started.push(request))
  const connection = new NetlinkConnection(kernel)
  const abort = new AbortController()
  const first = connection.dump({ type: 100 }, value, { signal: abort.signal })
  const second = connection.dump({ type: 101 }, value)
  abort.abort(new Error('enough'))
  await expect(first).rejects.toThrow('enough')
  expect(started.length).toBe(1)
  goodDump(started[0]!, kernel)
  await vi.waitFor(() => expect(started.length).toBe(2))
  goodDump(started[1]!, kernel)
  expect(await second).toEqual([1, 2, 3])
})

test('an abort before or while waiting for its turn sends nothing', async () => {
  const kernel = dumps(() => {})
  const connection = new NetlinkConnection(kernel)
  const abort = new AbortController()
  const running = connection.dump({ type: 100 }, value)
  const waiting = connection.dump({ type: 101 }, value, { signal: abort.signal })
  abort.abort()
  await expect(waiting).rejects.toBe(abort.signal.reason)
  await expect(connection.request({ type: 102 }, value, { signal: abort.signal })).rejects.toBe(
    abort.signal.reason,
  )
  await connection.close()
  await expect(running).rejects.toEqual(lost('ERR_NETLINK_CLOSED'))
  expect(kernel.sent.map(({ type }) => type)).toEqual([100])
})

test('closing rejects what is in flight, what waits and what comes later; a second close does nothing', async () => {
  const connection = new NetlinkConnection(new ScriptedKernel(() => {}))
  const pending = Array.from({ length: 70 }, () => connection.request({ type: 100 }))
  const closed = Promise.allSettled(pending)
  await connection.close()
  await connection.close()
  for (const result of await closed) expect(result).toMatchObject({ reason: { code: 'ERR_NETLINK_CLOSED' } })
  await expect(connection.request({ type: 100 })).rejects.toEqual(lost('ERR_NETLINK_CLOSED'))
  expect(() => connection.subscribe({ message() {}, lost() {} })).toThrow(lost('ERR_NETLINK_CLOSED'))
})

test('a socket that fails closes, rejects what is in flight and tells its subscribers', async () => {
  const kernel = new ScriptedKernel((_, k) => k.queue(-12))
  const connection = new NetlinkConnection(kernel)
  const codes: string[] = []
  connection.subscribe({ message() {}, lost: ({ code }) => codes.push(code) })
  await expect(connection.request({ type: 100 })).rejects.toMatchObject({
    code: 'ENOMEM',
    syscall: 'recvmsg',
  })
  expect(codes).toEqual(['ENOMEM'])
  expect(kernel.isClosed).toBe(true)
})

test('the loop is held for requests and subscribers only', async () => {
  const kernel = new ScriptedKernel()
  const connection = new NetlinkConnection(kernel)
  expect(kernel.isHeld).toBe(false)
  const request = connection.request({ type: 100 })
  expect(kernel.isHeld).toBe(true)
  await request
  expect(kernel.isHeld).toBe(false)
  const unsubscribe = connection.subscribe({ message() {}, lost() {} })
  expect(kernel.isHeld).toBe(true)
  const silent = connection.subscribe({ message() {}, lost() {} }, { ref: false })
  unsubscribe()
  expect(kernel.isHeld).toBe(false)
  silent()
  expect(kernel.isHeld).toBe(false)
})
