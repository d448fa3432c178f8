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
import { NLM_F_DUMP, NLM_F_DUMP_FILTERED, NLM_F_DUMP_INTR } from '../constants.js'
import { NetlinkConnection } from './connection.js'

const value = ({ payload }: NetlinkMessage) => payload.getUint8(0)
const request = { type: 100, operation: 'read the table' }

/** Answers dumps with `datagrams` of two entries each, everything else with success. */
function table(datagrams: number, flags = 0): ScriptedKernel {
  return new ScriptedKernel((sent, kernel) => {
    if ((sent.flags & NLM_F_DUMP) !== NLM_F_DUMP) return acknowledge(sent, kernel)
    for (let i = 0; i < datagrams; i++) kernel.reply(sent, part(2 * i, flags), part(2 * i + 1, flags))
    kernel.reply(sent, done())
  })
}

async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = []
  for await (const entry of entries) result.push(entry)
  return result
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('a stream gives every entry once, in order, and ends', async () => {
  const connection = new NetlinkConnection(table(50))
  expect(await all(connection.stream(request, value))).toEqual(numbers(100))
  expect(await all(connection.stream(request, value).batches())).toEqual(
    numbers(50).map((i) => [2 * i, 2 * i + 1]),
  )
})

test('nothing is sent before the first entry is asked for, and an empty table is an empty stream', async () => {
  const kernel = table(0)
  const stream = new NetlinkConnection(kernel).stream(request, value)
  expect(kernel.sent).toEqual([])
  expect(await all(stream)).toEqual([])
  expect(stream.filtered).toBeUndefined()
})

test('while the consumer takes its time, nothing is read from the kernel', async () => {
  const kernel = table(50)
  const stream = new NetlinkConnection(kernel).stream(request, value)
  await stream.next()
  const waiting = kernel.queuedItems
  expect(waiting).toBeGreaterThan(40)
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(kernel.queuedItems).toBe(waiting)
  expect(kernel).toMatchObject({ isPolling: false, isHeld: false })
  expect((await all(stream)).length).toBe(99)
  expect(kernel.isPolling).toBe(true)
})

test('entries that come late are waited for', async () => {
  const started: Sent[] = []
  const kernel = new ScriptedKernel((sent) => started.push(sent))
  const stream = new NetlinkConnection(kernel).stream(request, value)
  const first = stream.next()
  await vi.waitFor(() => expect(kernel).toMatchObject({ isPolling: true, isHeld: true }))
  kernel.reply(started[0]!, part(7))
  expect(await first).toEqual({ done: false, value: 7 })
  const rest = all(stream)
  setImmediate(() => kernel.reply(started[0]!, part(8), done()))
  expect(await rest).toEqual([8])
})

test('requests and dumps that the consumer makes on the same connection are answered', async () => {
  const connection = new NetlinkConnection(table(20))
  const seen: number[] = []
  for await (const entry of connection.stream(request, value)) {
    seen.push(entry)
    await connection.request({ type: 101 })
    if (entry === 10) expect((await connection.dump(request, value)).length).toBe(40)
    if (entry === 12) expect(await connection.bulk(300, () => {}, { type: 102 })).toMatchObject({ ok: 300 })
  }
  expect(seen).toEqual(numbers(40))
})

test('events are told while a stream is paused', async () => {
  const kernel = table(20)
  const connection = new NetlinkConnection(kernel)
  const events: number[] = []
  connection.subscribe({ message: (message) => events.push(value(message)), lost() {} })
  const stream = connection.stream(request, value)
  await stream.next()
  kernel.queue(event(77))
  await vi.waitFor(() => expect(events).toEqual([77]))
  expect((await all(stream)).length).toBe(39)
})

test('a break leaves the connection usable: the rest is dropped, and does not keep the process alive', async () => {
  const kernel = table(50)
  const connection = new NetlinkConnection(kernel)
  for await (const entry of connection.stream(request, value)) if (entry === 5) break
  expect(kernel.isHeld).toBe(false)
  await connection.request({ type: 101 })
  expect(await connection.dump(request, value)).toEqual(numbers(100))
  for await (const _ of connection.stream(request, value).batches()) break
  expect(await all(connection.stream(request, value))).toEqual(numbers(100))
})

test('a stream that was ended, before or after it began, stays ended', async () => {
  const connection = new NetlinkConnection(table(3))
  const stream = connection.stream(request, value)
  await stream.return()
  expect(await all(stream)).toEqual([])
  await using begun = connection.stream(request, value)
  await begun.next()
  const [pending] = await Promise.all([begun.next(), begun.return(), begun.next()])
  expect(pending).toEqual({ done: false, value: 1 })
  expect(await begun.next()).toEqual({ done: true, value: undefined })
})

test('an interrupted dump says so at its end, after all its entries', async () => {
  const stream = new NetlinkConnection(table(2, NLM_F_DUMP_INTR)).stream(request, value)
  const seen: number[] = []
  const reading = (async () => {
    for await (const entry of stream) seen.push(entry)
  })()
  await expect(reading).rejects.toMatchObject({
    code: 'ERR_NETLINK_DUMP_INTERRUPTED',
    operation: 'read the table',
  })
  expect(seen).toEqual([0, 1, 2, 3])
  expect(stream.interrupted).toBe(true)
})

test('a stream says whether the kernel applied the filter', async () => {
  for (const flags of [0, NLM_F_DUMP_FILTERED]) {
    const stream = new NetlinkConnection(table(2, flags)).stream(request, value)
    expect(stream.filtered).toBeUndefined()
    await stream.next()
    expect(stream.filtered).toBe(flags !== 0)
  }
})

test('a refusal, a decoder that throws and a cut datagram end the stream with an error', async () => {
  const refused = new ScriptedKernel((sent, kernel) => kernel.reply(sent, error(-1)))
  await expect(all(new NetlinkConnection(refused).stream(request, value))).rejects.toMatchObject({
    code: 'EPERM',
    operation: 'read the table',
  })

  const connection = new NetlinkConnection(table(50))
  const failing = connection.stream(request, (message) => {
    if (value(message) === 9) throw new Error('not like this')
    return value(message)
  })
  await expect(all(failing)).rejects.toThrow('not like this')
  expect((await connection.dump(request, value)).length).toBe(100)

  const cut = new ScriptedKernel((sent, kernel) => {
    kernel.reply(sent, part(1))
    kernel.reply(sent, { ...part(2), payload: new Uint8Array(1 << 20) })
    kernel.reply(sent, part(3), done())
  })
  await expect(all(new NetlinkConnection(cut).stream(request, value))).rejects.toMatchObject({
    code: 'ERR_NETLINK_TRUNCATED',
  })
})

test('an abort and a close end the stream, whether it waits or is waited for', async () => {
  const kernel = table(50)
  const connection = new NetlinkConnection(kernel)
  const abort = new AbortController()
  const stream = connection.stream(request, value, { signal: abort.signal })
  await stream.next()
  abort.abort(new Error('enough'))
  await expect(all(stream)).rejects.toThrow('enough')
  expect((await connection.dump(request, value)).length).toBe(100)

  const silent = new NetlinkConnection(new ScriptedKernel(() => {}))
  const waiting = silent.stream(request, value).next()
  await silent.close()
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_NETLINK_CLOSED' })
})

test('several may ask for the next entry at once', async () => {
  const stream = new NetlinkConnection(table(3)).stream(request, value)
  const results = await Promise.all(numbers(8).map(() => stream.next()))
  expect(results.map((result) => result.value)).toEqual([...numbers(6), undefined, undefined])
})
